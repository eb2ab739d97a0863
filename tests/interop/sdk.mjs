// The senders' own packages, driven over standard input: one JSON request a run, one JSON answer.
//   {"do": "verify", preset, secret, headers, body, url}  ->  {"good": bool}
//   {"do": "sign", preset, secret, body, url, time}       ->  {"headers": {...}}
import Stripe from 'stripe';
import {Webhook as SvixWebhook} from 'svix';
import {Webhook as StandardWebhook} from 'standardwebhooks';
import * as octokit from '@octokit/webhooks-methods';
import twilio from 'twilio';
import {verifyKey} from 'discord-interactions';
import {EventWebhook} from '@sendgrid/eventwebhook';

const stripe = new Stripe('sk_test_x');
const throws = (check) => { try { check(); return false; } catch { return true; } };
const form = (body) => Object.fromEntries(new URLSearchParams(body));

const presets = {
  stripe: {
    verify: (m) => !throws(() => stripe.webhooks.constructEvent(
      m.body, m.headers['stripe-signature'], m.secret)),
    sign: (m) => ({'Stripe-Signature': stripe.webhooks.generateTestHeaderString(
      {payload: m.body, secret: m.secret, timestamp: m.time})}),
  },
  svix: {
    verify: (m) => !throws(() => new SvixWebhook(m.secret).verify(m.body, m.headers)),
    sign: (m) => ({'svix-id': 'msg_1', 'svix-timestamp': String(m.time),
      'svix-signature': new SvixWebhook(m.secret).sign('msg_1', new Date(m.time * 1000), m.body)}),
  },
  'standard-webhooks': {
    verify: (m) => !throws(() => new StandardWebhook(m.secret).verify(m.body, m.headers)),
    sign: (m) => ({'webhook-id': 'msg_1', 'webhook-timestamp': String(m.time),
      'webhook-signature':
        new StandardWebhook(m.secret).sign('msg_1', new Date(m.time * 1000), m.body)}),
  },
  github: {
    verify: (m) => octokit.verify(m.secret, m.body, m.headers['x-hub-signature-256']),
    sign: async (m) => ({'X-GitHub-Event': 'push', 'X-GitHub-Delivery': 'd1',
      'X-Hub-Signature-256': await octokit.sign(m.secret, m.body)}),
  },
  'twilio-form': {
    verify: (m) => twilio.validateRequest(m.secret, m.headers['x-twilio-signature'], m.url,
                                          form(m.body)),
    sign: (m) => ({'X-Twilio-Signature':
      twilio.getExpectedTwilioSignature(m.secret, m.url, form(m.body))}),
  },
  discord: {
    verify: (m) => verifyKey(m.body, m.headers['x-signature-ed25519'],
                             m.headers['x-signature-timestamp'], m.secret),
  },
  sendgrid: {
    verify: (m) => {
      const hook = new EventWebhook();
      const key = m.secret.replace(/-----[A-Z ]+-----|\s/g, '');
      return hook.verifySignature(hook.convertPublicKeyToECDSA(key), m.body,
        m.headers['x-twilio-email-event-webhook-signature'],
        m.headers['x-twilio-email-event-webhook-timestamp']);
    },
  },
};

let text = '';
for await (const piece of process.stdin) text += piece;
const message = JSON.parse(text);
const sdk = presets[message.preset];
if (message.do === 'list') {
  console.log(JSON.stringify(Object.entries(presets).map(([name, s]) => [name, Boolean(s.sign)])));
} else if (message.do === 'verify') {
  console.log(JSON.stringify({good: Boolean(await sdk.verify(message))}));
} else {
  console.log(JSON.stringify({headers: await sdk.sign(message)}));
}
