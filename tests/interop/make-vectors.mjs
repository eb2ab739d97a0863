// tests/providers/vectors-own.json, made with the senders' packages: messages that they sign (or
// that are signed by hand where they cannot), spoiled ones, and what each package itself says of
// them. Everything is fixed, so that the same packages make the same file.
//   node make-vectors.mjs            writes it
//   node make-vectors.mjs --check    says whether it is what would be written
import crypto from 'node:crypto';
import {readFileSync, writeFileSync} from 'node:fs';
import {flip, messageOf, privateSign, secretOf, sign, verify, versionOf} from './drive.mjs';
import {privateKeyOf, rows, WHSEC} from './sdk.mjs';

const FILE = new URL('../providers/vectors-own.json', import.meta.url);
const NOW = 1767225600;  // the first second of 2026
const AGES = [5, 6, 29, 30, 60, 61, 180, 181, 300, 301, 600, 601, 86400];
const PLAIN = '{"id":"evt_2","type":"made","list":[1,2.5,"a/b",null]}';
// an RSA key cannot be made out of a text in a few lines, and no private key is committed
const LEFT_OUT = ['aws-sns'];

// ---- keys that are the same every time

const sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part),
  crypto.createHash('sha256')).digest();
const number = (bytes) => BigInt(`0x${bytes.toString('hex')}`);
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

function power(base, exponent) {
  let result = 1n;
  for (; exponent; exponent >>= 1n, base = base * base % ORDER) {
    if (exponent & 1n) result = result * base % ORDER;
  }
  return result;
}

// x and y of a private number on P-256
function point(bytes) {
  const curve = crypto.createECDH('prime256v1');
  curve.setPrivateKey(bytes);
  return [curve.getPublicKey().subarray(1, 33), curve.getPublicKey().subarray(33)];
}

function integer(value) {
  let hex = value.toString(16);
  if (hex.length % 2 || /^[89a-f]/.test(hex)) hex = (hex.length % 2 ? '0' : '00') + hex;
  const bytes = Buffer.from(hex, 'hex');
  return Buffer.concat([Buffer.from([2, bytes.length]), bytes]);
}

// Node draws its nonces; this one is a digest of key and message. For tests only.
const ecdsaSign = (key) => (text) => {
  const nonce = sha256('nonce', key, text), r = number(point(nonce)[0]) % ORDER;
  const s = power(number(nonce), ORDER - 2n) * (number(sha256(text)) + r * number(key)) % ORDER;
  const both = Buffer.concat([integer(r), integer(s)]);
  return Buffer.concat([Buffer.from([0x30, both.length]), both]);
};

// {secret, privateSign} of a row, of the first or of another key
function keyOf(row, other) {
  const text = `${row.preset} ${other ? 'another' : 'one'}`;
  if (row.key === 'ed25519') {
    const key = privateKeyOf(text);
    const raw = crypto.createPublicKey(key).export({format: 'der', type: 'spki'}).subarray(-32);
    return {secret: raw.toString('hex'), privateSign: privateSign(row, key)};
  }
  if (row.key === 'ecdsa') {
    const key = sha256(text);
    const [x, y] = point(key).map((part) => part.toString('base64url'));
    const secret = crypto.createPublicKey({format: 'jwk', key: {kty: 'EC', crv: 'P-256', x, y}})
      .export({format: 'pem', type: 'spki'});
    return {secret, privateSign: ecdsaSign(key)};
  }
  const secret = secretOf(row);
  if (!other || row.keyText) return {secret};
  return {secret: secret === WHSEC ? 'whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX'
    : /^[0-9a-f]{64}$/.test(secret) ? secret.replaceAll('0', 'f') : 'another secret of the test'};
}

// ---- what is spoiled

const SIGNATURE = /^(?!.*(algorithm|version|timestamp|signed-headers|input)).*(sign|hmac)/i;
const other = (c) => c === '0' ? '1' : '0';

// One character of the signature, well inside of it, for another one of its alphabet.
function spoil(row, signed) {
  const change = (text, end) => text.slice(0, end - 9) + other(text[end - 9]) + text.slice(end - 8);
  if (row.mark) {
    const found = row.mark.exec(signed.body);
    return {...signed, body: change(signed.body, found.index + found[0].length)};
  }
  return {...signed, headers: Object.fromEntries(Object.entries(signed.headers).map(
    ([name, value]) => [name, SIGNATURE.test(name) ? change(value, value.length) : value]))};
}

const unsigned = (row, signed) => row.mark
  ? {...signed, body: signed.body.replace(/bt_signature=[^&]*&?|"additionalData":\{[^}]*\}/, '')
    .replaceAll(',}', '}')}
  : {...signed, headers: Object.fromEntries(
    Object.entries(signed.headers).filter(([name]) => !SIGNATURE.test(name)))};

// ---- the vectors of a row

const counts = Object.fromEntries(rows.map(({preset}) => [preset, 0]));

async function vectorsOf(row) {
  const key = keyOf(row), made = [], name = `${row.package}@${versionOf(row)}`;
  const say = (signed, now) => verify(row, messageOf(signed, key.secret, NOW), now);
  const add = async (kind, valid, signed, now = NOW) => {
    const verdict = await say(signed, now);
    if (verdict !== valid) throw new Error(`${name} of ${row.preset}: ${kind} is ${verdict}`);
    const type = row.form ? 'application/x-www-form-urlencoded' : 'application/json';
    made.push({
      id: `own-${row.preset}-${++counts[row.preset]}`, provider: row.preset,
      preset: row.preset, origin: row.signer ? 'sdk' : 'hand', source: row.signer ?? 'node:crypto',
      now, secrets: row.key ? [] : [key.secret], ...(row.key && {public_key: key.secret}),
      ...(row.beside && {config: row.beside}), method: 'POST', url: signed.url,
      headers: [['Content-Type', type], ...Object.entries(signed.headers)],
      body_base64: Buffer.from(signed.body).toString('base64'), valid, kind,
      sdk_verdict: {[name]: verdict},
    });
  };
  const signed = await sign(row, {...key, time: NOW});
  await add('positive', true, signed);
  if (row.body === undefined) {
    await add('positive', true, await sign(row, {...key, time: NOW, body: PLAIN}));
  }
  await add('tampered-body', false, {...signed, body: flip(row, signed.body)});
  await add('flipped-signature', false, spoil(row, signed));
  await add('missing-signature', false, unsigned(row, signed));
  if (!row.keyText) await add('wrong-secret', false, await sign(row, {...keyOf(row, true), time: NOW}));
  // where the package judges the age: the last that it takes, and the first that it does not
  const verdicts = [];
  for (const age of row.clock === false ? [] : AGES) verdicts.push(await say(signed, NOW + age));
  const first = verdicts.indexOf(false);
  if (first > 0) await add('time-edge', true, signed, NOW + AGES[first - 1]);
  if (first >= 0) await add('stale', false, signed, NOW + AGES[first]);
  return made;
}

for (const name of ['debug', 'info', 'warn']) console[name] = () => {};
const vectors = [];
for (const row of rows.filter(({preset}) => !LEFT_OUT.includes(preset))) {
  vectors.push(...await vectorsOf(row));
}
const text = `[\n${vectors.map((vector) => JSON.stringify(vector)).join(',\n')}\n]\n`;
if (process.argv[2] !== '--check') {
  writeFileSync(FILE, text);
} else if (readFileSync(FILE, 'utf8') !== text) {
  console.log('tests/providers/vectors-own.json is not what make-vectors.mjs makes');
  process.exitCode = 1;
}
