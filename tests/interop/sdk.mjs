// The senders' own packages: a row each of how it verifies a message, how it signs one, and with
// what secrets. drive.mjs asks the table for run.py, make-vectors.mjs for its vectors.
//
// A package verifies m = {secret, headers (names in lower case), body, url, time (unix seconds)} by
// whatever it offers for that, and says no by answering false or by throwing. What it signs is
// {headers, body?, url?}; `signer` names the function of its that signs. Where that is missing, the
// package has no way of signing: the row signs by hand, and the package has to accept it too.
//
//   package, preset   which package, and which of config/providers it is held against
//   load              its code, loaded when it is first asked
//   secret | key      the secret, or the kind of key that `send --new-key` makes; keyText: our own key
//   beside            what stands beside the provider's name
//   body, form        a body that the package takes; whether it is a form
//   flips, mark       which letter of the body is signed; where in the body the signature is
//   sends             why `send` does not sign for this row; ownBody: it has to be given the body
//   clock             false: what it says of the age is not asked
//
// Packages that are never loaded here (square-legacy, contentful-management, got, crypto-browserify,
// request) are left out of the installation by `overrides` in package.json.
import crypto from 'node:crypto';
import https from 'node:https';
import {createRequire} from 'node:module';
import {fileURLToPath} from 'node:url';

const require = createRequire(import.meta.url);
// a file of a package, whatever its `exports` say: what is big is not loaded whole
const inside = (path) => require(fileURLToPath(new URL(`node_modules/${path}`, import.meta.url)));

export const WHSEC = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const HEX = '00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff';
const ID = 'msg_2Lh9KRb0pzN4LePd3XiA4v12Axj';

// An Ed25519 key out of a text, the same every time.
export const privateKeyOf = (text) => crypto.createPrivateKey({format: 'der', type: 'pkcs8',
  key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'),
    crypto.createHash('sha256').update(text).digest()])});
const hmac = (hash, key, text, encoding) =>
  crypto.createHmac(hash, key).update(text).digest(encoding);
const whsec = (secret) => Buffer.from(secret.replace('whsec_', ''), 'base64');
const form = (body) => Object.fromEntries(new URLSearchParams(body));
const millis = (m) => m.time * 1000;
const targetOf = (m) => m.url.slice(m.url.indexOf('/', 8));
const iso = (m) => new Date(millis(m)).toISOString();
const request = (m) => new Request(m.url, {method: 'POST', headers: m.headers, body: m.body});
const webhookId = (m, signature, prefix = 'webhook') => ({headers: {
  [`${prefix}-id`]: ID, [`${prefix}-timestamp`]: String(m.time), [`${prefix}-signature`]: signature}});
// as the specification of Standard Webhooks says
const standard = (m, key = whsec(m.secret)) =>
  `v1,${hmac('sha256', key, `${ID}.${m.time}.${m.body}`, 'base64')}`;
// the package standardwebhooks, on which some of the others are built
const standardwebhooks = async (m) =>
  new (await import('standardwebhooks')).Webhook(m.secret).sign(ID, new Date(millis(m)), m.body);

// Shopify writes its headers in two ways; its package wants all of them, the signed one being one.
const shopify = (prefix, more) => ({
  package: '@shopify/shopify-api', preset: 'shopify',
  signer: `its createSHA256HMAC (${prefix}hmac-sha256)`,
  headers: {[`${prefix}shop-domain`]: 'shop.myshopify.com', [`${prefix}api-version`]: '2026-01',
    ...more},
  load: async () => {
    await import('@shopify/shopify-api/adapters/web-api');
    return {...await import('@shopify/shopify-api'),
      ...inside('@shopify/shopify-api/dist/cjs/runtime/crypto/utils.js')};
  },
  async verify(sdk, m) {
    const shop = sdk.shopifyApi({apiKey: 'key', apiSecretKey: m.secret, isTesting: true,
      hostName: 'hooks.example.test', apiVersion: sdk.ApiVersion.January26, isEmbeddedApp: false,
      logger: {level: sdk.LogSeverity.Error, log: () => {}}});
    const rawRequest = request({...m, headers: {...this.headers, ...m.headers}});
    return (await shop.webhooks.validate({rawBody: m.body, rawRequest})).valid;
  },
  async sign(sdk, m) {
    return {headers: {...this.headers, [`${prefix}topic`]: 'orders/create',
      [`${prefix}webhook-id`]: ID,
      [`${prefix}hmac-sha256`]: await sdk.createSHA256HMAC(m.secret, m.body)}};
  },
});
const braintree = (m) => {
  const {BraintreeGateway, Environment} = require('braintree');
  return new BraintreeGateway({environment: Environment.Sandbox, merchantId: 'merchant',
    publicKey: 'our_public_key', privateKey: m.secret});
};
const AMOUNT = {value: 1000, currency: 'EUR'};
const ADYEN = {pspReference: 'PSP1', originalReference: '', merchantAccountCode: 'Account',
  merchantReference: 'Order Z', amount: AMOUNT, eventCode: 'AUTHORISATION', success: 'true'};
const adyenItems = (body) => JSON.parse(body).notificationItems.map((i) => i.NotificationRequestItem);
const SNS = {Type: 'Notification', MessageId: '22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324',
  TopicArn: 'arn:aws:sns:eu-west-1:123456789012:topic', Message: 'Hello Zoë',
  Timestamp: '2026-01-01T00:00:00.000Z', SignatureVersion: '2',
  SigningCertURL: 'https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-1.pem'};
const hubspot = (version, headers) => ({
  package: '@hubspot/api-client', preset: `hubspot-${version}`, signer: 'Signature.getSignature',
  load: () => inside('@hubspot/api-client/lib/src/utils/signature.js').Signature,
  options: (m, timestamp) => ({signatureVersion: version, clientSecret: m.secret, url: m.url,
    requestBody: m.body, ...(timestamp && {timestamp})}),
  verify(sdk, m) {
    const time = Number(m.headers['x-hubspot-request-timestamp']);
    return sdk.isValid({...this.options(m, time), method: 'POST',
      signature: m.headers[headers[0]]});
  },
  sign(sdk, m) {
    const signature = sdk.getSignature('POST', version, this.options(m, headers[1] && millis(m)));
    return {headers: {[headers[0]]: signature, ...(headers[1] && {[headers[1]]: String(millis(m))})}};
  },
});

// No sender's own package, but RFC 9421 by others; digests of the body are not its business.
const digest = (m) =>
  `sha-256=:${crypto.createHash('sha256').update(m.body).digest('base64')}:`;
const messages = (algorithm, keyText) => ({
  package: 'http-message-signatures', preset: 'rfc9421', signer: `signMessage (${algorithm})`,
  keyText, clock: false, sends: keyText && 'not with this key',
  load: () => import('http-message-signatures'),
  verify: (sdk, m) => m.headers['content-digest'] === digest(m) && sdk.httpbis.verifyMessage(
    {keyLookup: () => ({id: 'key', algs: [algorithm],
      verify: sdk.createVerifier(m.secret, algorithm)})},
    {method: 'POST', url: m.url, headers: m.headers}),
  sign: async (sdk, m) => ({headers: (await sdk.httpbis.signMessage(
    {key: sdk.createSigner(keyText ? privateKeyOf(keyText) : m.secret, algorithm, 'key'),
      name: 'sig', fields: ['@method', '@target-uri', 'content-digest'], params: ['created', 'keyid', 'alg']},
    {method: 'POST', url: m.url, headers: {'Content-Digest': digest(m)}})).headers}),
});

export const rows = [
  {
    package: 'stripe', preset: 'stripe', signer: 'webhooks.generateTestHeaderString',
    load: async () => new (await import('stripe')).default('sk_test_x'),
    verify: (sdk, m) => sdk.webhooks.constructEvent(m.body, m.headers['stripe-signature'], m.secret),
    sign: (sdk, m) => ({headers: {'Stripe-Signature': sdk.webhooks.generateTestHeaderString(
      {payload: m.body, secret: m.secret, timestamp: m.time})}}),
  }, {
    package: 'svix', preset: 'svix', signer: 'Webhook.sign', secret: WHSEC,
    load: () => import('svix'),
    verify: (sdk, m) => new sdk.Webhook(m.secret).verify(m.body, m.headers),
    sign: (sdk, m) => webhookId(m,
      new sdk.Webhook(m.secret).sign(ID, new Date(millis(m)), m.body), 'svix'),
  }, {
    // the other family of Svix's headers
    package: 'svix', preset: 'svix', signer: 'Webhook.sign', secret: WHSEC,
    load: () => import('svix'),
    verify: (sdk, m) => new sdk.Webhook(m.secret).verify(m.body, m.headers),
    sign: (sdk, m) => webhookId(m, new sdk.Webhook(m.secret).sign(ID, new Date(millis(m)), m.body)),
  }, {
    package: 'standardwebhooks', preset: 'standard-webhooks', signer: 'Webhook.sign', secret: WHSEC,
    load: () => import('standardwebhooks'),
    verify: (sdk, m) => new sdk.Webhook(m.secret).verify(m.body, m.headers),
    sign: async (sdk, m) => webhookId(m, await standardwebhooks(m)),
  }, {
    package: '@clerk/backend', preset: 'clerk', signer: 'sign of its standardwebhooks', secret: WHSEC,
    load: () => import('@clerk/backend/webhooks'),
    verify: (sdk, m) => sdk.verifyWebhook(request(m), {signingSecret: m.secret}),
    sign: async (sdk, m) => webhookId(m, await standardwebhooks(m), 'svix'),
  }, {
    package: 'resend', preset: 'resend', signer: 'sign of its standardwebhooks', secret: WHSEC,
    load: async () => new (await import('resend')).Resend('re_x'),
    verify: (sdk, m) => sdk.webhooks.verify({payload: m.body, webhookSecret: m.secret, headers: {
      id: m.headers['svix-id'], timestamp: m.headers['svix-timestamp'],
      signature: m.headers['svix-signature']}}),
    sign: async (sdk, m) => webhookId(m, await standardwebhooks(m), 'svix'),
  }, {
    package: 'openai', preset: 'openai', secret: WHSEC,
    load: async () => new (await import('openai')).default({apiKey: 'sk-x'}),
    verify: (sdk, m) => sdk.webhooks.unwrap(m.body, m.headers, m.secret),
    sign: (sdk, m) => webhookId(m, standard(m)),
  }, {
    package: 'replicate', preset: 'replicate', secret: WHSEC,
    load: async () => (await import('replicate')).default,
    verify: (sdk, m) => sdk.validateWebhook({headers: m.headers, body: m.body}, m.secret),
    sign: (sdk, m) => webhookId(m, standard(m)),
  }, {
    package: '@polar-sh/sdk', preset: 'polar',
    load: async () => (await import('@polar-sh/sdk/2026-04')).webhooks,
    verify: async (sdk, m) => {
      try {
        await sdk.validateEvent(m.body, m.headers, m.secret);
      } catch (error) {  // a type that it does not know has been verified before
        if (error.name !== 'PolarWebhookUnknownTypeError') throw error;
      }
    },
    sign: (sdk, m) => webhookId(m, standard(m, m.secret)),
  }, {
    // as Polar signs for endpoints that are new
    package: 'standardwebhooks', preset: 'polar', signer: 'Webhook.sign', secret: WHSEC,
    load: () => import('standardwebhooks'),
    verify: (sdk, m) => new sdk.Webhook(m.secret).verify(m.body, m.headers),
    sign: async (sdk, m) => webhookId(m, await standardwebhooks(m)),
  }, {
    package: '@octokit/webhooks-methods', preset: 'github', signer: 'sign',
    load: () => import('@octokit/webhooks-methods'),
    verify: (sdk, m) => sdk.verify(m.secret, m.body, m.headers['x-hub-signature-256']),
    sign: async (sdk, m) => ({headers: {'X-GitHub-Event': 'push', 'X-GitHub-Delivery': ID,
      'X-Hub-Signature-256': await sdk.sign(m.secret, m.body)}}),
  }, {
    package: '@octokit/webhooks', preset: 'github', signer: 'Webhooks.sign',
    load: () => import('@octokit/webhooks'),
    verify: (sdk, m) => new sdk.Webhooks({secret: m.secret}).verify(
      m.body, m.headers['x-hub-signature-256']),
    sign: async (sdk, m) => ({headers: {'X-GitHub-Event': 'push', 'X-GitHub-Delivery': ID,
      'X-Hub-Signature-256': await new sdk.Webhooks({secret: m.secret}).sign(m.body)}}),
  }, {
    package: 'octokit-webhooks-methods-2', preset: 'github-sha1', signer: 'sign',
    load: () => require('octokit-webhooks-methods-2'),
    verify: (sdk, m) => sdk.verify(m.secret, m.body, m.headers['x-hub-signature']),
    sign: async (sdk, m) => ({headers: {'X-GitHub-Event': 'push', 'X-GitHub-Delivery': ID,
      'X-Hub-Signature': await sdk.sign({secret: m.secret, algorithm: 'sha1'}, m.body)}}),
  }, {
    package: 'twilio', preset: 'twilio-form', signer: 'getExpectedTwilioSignature',
    body: () => 'MessageSid=SM1&Body=Zo%C3%AB+1&SmsStatus=received', form: true,
    load: async () => (await import('twilio')).default,
    verify: (sdk, m) => sdk.validateRequest(
      m.secret, m.headers['x-twilio-signature'], m.url, form(m.body)),
    sign: (sdk, m) => ({headers: {'X-Twilio-Signature':
      sdk.getExpectedTwilioSignature(m.secret, m.url, form(m.body))}}),
  }, {
    package: 'twilio', preset: 'twilio-json',
    signer: 'getExpectedTwilioSignature, getExpectedBodyHash',
    load: async () => (await import('twilio')).default,
    verify: (sdk, m) => sdk.validateRequestWithBody(
      m.secret, m.headers['x-twilio-signature'], m.url, m.body),
    sign(sdk, m) {
      const url = `${m.url}?bodySHA256=${inside('twilio/lib/webhooks/webhooks.js')
        .getExpectedBodyHash(m.body)}`;
      return {url, headers: {'X-Twilio-Signature': sdk.getExpectedTwilioSignature(m.secret, url, {})}};
    },
  }, {
    package: '@sendgrid/eventwebhook', preset: 'sendgrid', key: 'ecdsa',
    load: async () => new (await import('@sendgrid/eventwebhook')).EventWebhook(),
    verify: (sdk, m) => sdk.verifySignature(
      sdk.convertPublicKeyToECDSA(m.secret.replace(/-----[A-Z ]+-----|\s/g, '')), m.body,
      m.headers['x-twilio-email-event-webhook-signature'],
      m.headers['x-twilio-email-event-webhook-timestamp']),
    sign: (sdk, m) => ({headers: {
      'X-Twilio-Email-Event-Webhook-Timestamp': String(m.time),
      'X-Twilio-Email-Event-Webhook-Signature': m.privateSign(m.time + m.body).toString('base64')}}),
  }, {
    package: 'discord-interactions', preset: 'discord', key: 'ed25519',
    load: () => import('discord-interactions'),
    verify: (sdk, m) => sdk.verifyKey(m.body, m.headers['x-signature-ed25519'],
      m.headers['x-signature-timestamp'], m.secret),
    sign: (sdk, m) => ({headers: {'X-Signature-Timestamp': String(m.time),
      'X-Signature-Ed25519': m.privateSign(m.time + m.body).toString('hex')}}),
  }, {
    package: 'sns-validator', preset: 'aws-sns', key: 'rsa',
    body: (m) => JSON.stringify({...SNS, Timestamp: iso(m)}), flips: /"Message":"./,
    mark: /"Signature":"([^"]+)/,
    load: () => require('sns-validator'),
    verify: (SDK, m) => new Promise((resolve, reject) => {
      const real = https.get;  // the certificate is handed to it instead of fetched
      https.get = (address, answer) => {
        answer({statusCode: 200, on(what, call) {
          call(what === 'data' ? m.secret : undefined);
          return this;
        }});
        return {on() {}};
      };
      new SDK().validate(m.body, (error) => error ? reject(error) : resolve(true));
      https.get = real;
    }),
    sign: (sdk, m) => {
      const message = JSON.parse(m.body);
      const text = ['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type']
        .filter((name) => name in message).map((name) => `${name}\n${message[name]}\n`).join('');
      const body = {...message, Signature: m.privateSign(text).toString('base64')};
      return {headers: {}, body: JSON.stringify(body)};
    },
  }, {
    package: '@slack/bolt', preset: 'slack',
    load: () => inside('@slack/bolt/dist/receivers/verify-request.js'),
    verify: (sdk, m) => sdk.verifySlackRequest(
      {signingSecret: m.secret, body: m.body, headers: m.headers}),
    sign: (sdk, m) => ({headers: {'X-Slack-Request-Timestamp': String(m.time),
      'X-Slack-Signature': `v0=${hmac('sha256', m.secret, `v0:${m.time}:${m.body}`, 'hex')}`}}),
  }, {
    package: '@line/bot-sdk', preset: 'line',
    load: () => import('@line/bot-sdk'),
    verify: (sdk, m) => sdk.validateSignature(m.body, m.secret, m.headers['x-line-signature']),
    sign: (sdk, m) => ({headers: {
      'X-Line-Signature': hmac('sha256', m.secret, m.body, 'base64')}}),
  }, {
    package: 'square', preset: 'square', signer: 'its createHmacOverride',
    load: () => ({...inside('square/wrapper/WebhooksHelper.js'),
      ...inside('square/core/crypto/createHmacOverride.js')}),
    verify: (sdk, m) => sdk.WebhooksHelper.verifySignature({requestBody: m.body,
      signatureHeader: m.headers['x-square-hmacsha256-signature'], signatureKey: m.secret,
      notificationUrl: m.url}),
    sign: async (sdk, m) => ({headers: {'X-Square-HmacSha256-Signature':
      await sdk.createHmacOverride(m.url + m.body, m.secret)}}),
  },
  shopify('x-shopify-', {}),
  {...shopify('shopify-', {'shopify-event-id': ID}), sends: 'not these headers'},
  {
    package: '@notionhq/client', preset: 'notion', signer: 'signWebhookPayload',
    load: () => import('@notionhq/client'),
    verify: (sdk, m) => sdk.verifyWebhookSignature({body: m.body,
      signature: m.headers['x-notion-signature'], verificationToken: m.secret}),
    sign: async (sdk, m) => ({headers: {'X-Notion-Signature':
      await sdk.signWebhookPayload({body: m.body, verificationToken: m.secret})}}),
  }, {
    package: '@workos-inc/node', preset: 'workos', signer: 'webhooks.computeSignature',
    load: async () => new (await import('@workos-inc/node')).WorkOS('sk_x').webhooks,
    verify: (sdk, m) => sdk.verifyHeader({payload: JSON.parse(m.body),
      sigHeader: m.headers['workos-signature'], secret: m.secret}),
    sign: async (sdk, m) => ({headers: {'WorkOS-Signature': `t=${millis(m)}, v1=${
      await sdk.computeSignature(millis(m), JSON.parse(m.body), m.secret)}`}}),
  }, {
    package: 'braintree', preset: 'braintree', signer: 'webhookTesting.sampleNotification',
    beside: {public_key: 'our_public_key'}, form: true, body: null, flips: /bt_payload=[A-Za-z]/,
    mark: /bt_signature=our_public_key%7C([0-9a-f]+)/,
    load: () => null,
    verify: async (sdk, m) => {
      const {bt_signature: signature, bt_payload: payload} = form(m.body);
      try {
        await braintree(m).webhookNotification.parse(signature, payload);
      } catch (error) {  // what `send` makes is not XML; it is verified before it is parsed
        if (error.type) throw error;
      }
    },
    sign: async (sdk, m) => ({headers: {}, body: new URLSearchParams(
      await braintree(m).webhookTesting.sampleNotification('check', 'my_id')).toString()}),
  }, {
    package: '@paddle/paddle-node-sdk', preset: 'paddle', signer: 'its NodeCrypto.computeHmac',
    load: async () => new (await import('@paddle/paddle-node-sdk')).Paddle('key').webhooks,
    verify: (sdk, m) => sdk.isSignatureValid(m.body, m.secret, m.headers['paddle-signature']),
    sign: async (sdk, m) => {
      const {NodeCrypto} =
        inside('@paddle/paddle-node-sdk/dist/cjs/internal/providers/crypto/node-crypto.js');
      const signature = await new NodeCrypto().computeHmac(`${m.time}:${m.body}`, m.secret);
      return {headers: {'Paddle-Signature': `ts=${m.time};h1=${signature}`}};
    },
  },
  hubspot('v1', ['x-hubspot-signature']),
  hubspot('v2', ['x-hubspot-signature']),
  hubspot('v3', ['x-hubspot-signature-v3', 'x-hubspot-request-timestamp']),
  {
    package: 'razorpay', preset: 'razorpay',
    load: async () => (await import('razorpay')).default,
    verify: (sdk, m) => sdk.validateWebhookSignature(
      m.body, m.headers['x-razorpay-signature'], m.secret),
    sign: (sdk, m) => ({headers: {
      'X-Razorpay-Signature': hmac('sha256', m.secret, m.body, 'hex')}}),
  }, {
    package: '@adyen/api-library', preset: 'adyen-classic', signer: 'HmacValidator.calculateHmac',
    secret: HEX, mark: /"hmacSignature":"([^"]+)/, flips: /"pspReference":"[A-Za-z]/, body: null,
    load: () => new (inside('@adyen/api-library/lib/src/utils/hmacValidator.js').default)(),
    verify: (sdk, m) => adyenItems(m.body).every((item) => sdk.validateHMAC(item, m.secret)),
    sign: (sdk, m) => ({headers: {}, body: JSON.stringify({live: 'false', notificationItems:
      ['PSP1', 'PSP2'].map((pspReference) => ({...ADYEN, pspReference})).map((item) => (
        {NotificationRequestItem: {...item,
          additionalData: {hmacSignature: sdk.calculateHmac(item, m.secret)}}}))})}),
  }, {
    package: '@adyen/api-library', preset: 'adyen-platform', signer: 'HmacValidator.calculateHmac',
    secret: HEX,
    load: () => new (inside('@adyen/api-library/lib/src/utils/hmacValidator.js').default)(),
    verify: (sdk, m) => sdk.validateHMACSignature(m.secret, m.headers.hmacsignature, m.body),
    sign: (sdk, m) => ({headers: {HmacSignature: sdk.calculateHmac(m.body, m.secret)}}),
  }, {
    package: '@mux/mux-node', preset: 'mux', signer: 'webhooks.computeSignature',
    load: async () => new (await import('@mux/mux-node')).default(
      {tokenId: 'id', tokenSecret: 'secret'}).webhooks,
    verify: (sdk, m) => sdk.unwrap(m.body, m.headers, m.secret),
    sign: async (sdk, m) => ({headers: {'Mux-Signature': `t=${m.time},v1=${
      await sdk.computeSignature(`${m.time}.${m.body}`, m.secret)}`}}),
  }, {
    package: '@contentful/node-apps-toolkit', preset: 'contentful-webhook', signer: 'signRequest',
    secret: HEX,
    load: () => require('@contentful/node-apps-toolkit/requests'),
    verify: (sdk, m) => sdk.verifyRequest(m.secret,
      {method: 'POST', path: targetOf(m), headers: m.headers, body: m.body}),
    sign(sdk, m) {
      const headers = {'X-Contentful-Topic': 'ContentManagement.Entry.publish'};
      return {headers: {...headers, ...sdk.signRequest(m.secret, {method: 'POST',
        path: targetOf(m), headers, body: m.body}, millis(m))}};
    },
  }, {
    package: 'gocardless-nodejs', preset: 'gocardless',
    load: () => import('gocardless-nodejs/webhooks'),
    verify: (sdk, m) => sdk.verifySignature(m.body, m.secret, m.headers['webhook-signature']),
    sign: (sdk, m) => ({headers: {'Webhook-Signature': hmac('sha256', m.secret, m.body, 'hex')}}),
  }, {
    package: '@linear/sdk', preset: 'linear', ownBody: true,
    body: (m) => JSON.stringify({action: 'create', webhookTimestamp: millis(m), text: 'Zoë'}),
    load: () => import('@linear/sdk/webhooks'),
    verify: (sdk, m) => new sdk.LinearWebhookClient(m.secret).verify(
      Buffer.from(m.body), m.headers['linear-signature']),
    sign: (sdk, m) => ({headers: {'Linear-Event': 'Issue', 'Linear-Delivery': ID,
      'Linear-Signature': hmac('sha256', m.secret, m.body, 'hex')}}),
  }, {
    package: '@sanity/webhook', preset: 'sanity', signer: 'encodeSignatureHeader',
    load: () => import('@sanity/webhook'),
    verify: (sdk, m) => sdk.isValidSignature(m.body, m.headers['sanity-webhook-signature'], m.secret),
    sign: async (sdk, m) => ({headers: {'Idempotency-Key': ID, 'Sanity-Webhook-Signature':
      await sdk.encodeSignatureHeader(m.body, millis(m), m.secret)}}),
  }, {
    package: 'box-node-sdk', preset: 'box', signer: 'its computeWebhookSignature',
    load: () => ({...inside('box-node-sdk/lib/managers/webhooks.js'),
      ...inside('box-node-sdk/lib/internal/utils.js')}),
    verify: (sdk, m) => sdk.WebhooksManager.validateMessage(m.body, m.headers, m.secret),
    sign: async (sdk, m) => {
      const headers = {'box-delivery-id': ID, 'box-delivery-timestamp': iso(m),
        'box-signature-version': '1', 'box-signature-algorithm': 'HmacSHA256'};
      return {headers: {...headers, 'box-signature-primary':
        await sdk.computeWebhookSignature(m.body, headers, m.secret, false)}};
    },
  }, {
    package: 'coinbase-commerce-node', preset: 'coinbase-commerce', signer: 'Webhook.computeSignature',
    body: () => '{"id":"1","event":{"id":"evt_1","type":"charge:created","name":"Zoë"}}',
    load: () => inside('coinbase-commerce-node/lib/Webhook.js'),
    verify: (sdk, m) => sdk.verifyEventBody(m.body, m.headers['x-cc-webhook-signature'], m.secret),
    sign: (sdk, m) => ({headers: {
      'X-CC-Webhook-Signature': sdk.computeSignature(m.body, m.secret)}}),
  }, {
    package: 'webflow-api', preset: 'webflow',
    load: () => new (inside('webflow-api/wrapper/WebhooksClient.js').Client)({accessToken: 'x'}),
    verify: (sdk, m) => sdk.verifySignature({headers: m.headers, body: m.body, secret: m.secret}),
    sign: (sdk, m) => ({headers: {'X-Webflow-Timestamp': String(millis(m)), 'X-Webflow-Signature':
      hmac('sha256', m.secret, `${millis(m)}:${m.body}`, 'hex')}}),
  }, {
    package: '@zoom/rivet', preset: 'zoom',
    body: () => '{"event":"meeting.started","payload":{"object":{"topic":"Zoë"}}}',
    load: () => import('@zoom/rivet/chatbot'),
    verify: async (sdk, m) => (await new sdk.AwsLambdaReceiver({webhooksSecretToken: m.secret})
      .start()({body: m.body, headers: m.headers, isBase64Encoded: false}, {})).statusCode === 200,
    sign: (sdk, m) => ({headers: {'X-Zm-Request-Timestamp': String(m.time),
      'X-Zm-Signature': `v0=${hmac('sha256', m.secret, `v0:${m.time}:${m.body}`, 'hex')}`}}),
  }, {
    package: '@hocuspocus/extension-webhook', preset: 'hocuspocus', signer: 'Webhook.createSignature',
    load: () => import('@hocuspocus/extension-webhook'),
    make: (sdk, m) => new sdk.Webhook({url: m.url, secret: m.secret, transformer: {}})
      .createSignature(m.body),
    verify(sdk, m) { return this.make(sdk, m) === m.headers['x-hocuspocus-signature-256']; },
    sign(sdk, m) { return {headers: {'X-Hocuspocus-Signature-256': this.make(sdk, m)}}; },
  },
  {
    // alpha of Meta; its receiver cannot run (it joins the body wrongly): what it compares with
    package: 'whatsapp', preset: 'meta', signer: 'generateXHub256Sig',
    load: () => inside('whatsapp/build/utils.js'),
    verify: (sdk, m) => m.headers['x-hub-signature-256'].replace('sha256=', '') ===
      sdk.generateXHub256Sig(m.body, m.secret),
    sign: (sdk, m) => ({headers: {
      'X-Hub-Signature-256': `sha256=${sdk.generateXHub256Sig(m.body, m.secret)}`}}),
  },
  messages('hmac-sha256'),
  messages('ed25519', 'a key of the test'),
];
