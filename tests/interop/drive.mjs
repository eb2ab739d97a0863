// What is done with the table of sdk.mjs: packages loaded, asked to verify and to sign, one bit
// flipped. Run by itself it answers run.py: a JSON object a line in, an answer a line out.
import crypto from 'node:crypto';
import {readFileSync} from 'node:fs';
import {createInterface} from 'node:readline';
import {fileURLToPath} from 'node:url';
import {privateKeyOf, rows} from './sdk.mjs';

const TO = 'https://hooks.example.test/hook';

// What a row says for itself, or what does for most.
export const secretOf = (row) => row.key ? null
  : row.keyText ? crypto.createPublicKey(privateKeyOf(row.keyText)).export({type: 'spki', format: 'pem'})
    : row.secret ?? 'a secret of the test';
export const bodyOf = (row, m) =>
  row.body === undefined ? '{"id":"evt_1","type":"made","text":"Zoë"}' : row.body?.(m) ?? '';
export const versionOf = (row) => JSON.parse(readFileSync(
  new URL(`node_modules/${row.package}/package.json`, import.meta.url))).version;

// One bit of the body: the case of a letter, so that JSON stays JSON. It is the last letter, or the
// one that `flips` of the row ends with where not all of the body is signed.
export function flip(row, body) {
  const found = row.flips ? row.flips.exec(body) : /^.*[A-Za-z]/s.exec(body);
  const place = found.index + found[0].length - 1;
  return body.slice(0, place) + String.fromCharCode(body.charCodeAt(place) ^ 0x20) +
    body.slice(place + 1);
}

// The clock of a package, so that neither a slow machine nor an old vector is stale.
async function at(time, action) {
  const Real = globalThis.Date;
  globalThis.Date = class extends Real {
    constructor(...given) { super(...(given.length ? given : [time * 1000])); }
    static now() { return time * 1000; }
  };
  try {
    return await action();
  } finally {
    globalThis.Date = Real;
  }
}

const loaded = new Map();
async function load(row) {
  if (!loaded.has(row)) loaded.set(row, await row.load());
  return loaded.get(row);
}

// Whether the package accepts m at the time `now`; why not goes into `reasons`.
export async function verify(row, m, now = m.time, reasons = []) {
  const sdk = await load(row);
  return at(now, async () => {
    try {
      return await row.verify(sdk, m) !== false;
    } catch (error) {
      reasons.push(String(error));
      return false;
    }
  });
}

// {headers, body, url} as the package, or the row by hand, signs it at m.time.
export async function sign(row, m) {
  const sdk = await load(row);
  const given = {url: TO, body: bodyOf(row, m), ...m};
  return {url: given.url, body: given.body, ...await at(m.time, () => row.sign(sdk, given))};
}

export const privateSign = (row, key) => (text) =>
  crypto.sign(row.key === 'ed25519' ? null : 'sha256', Buffer.from(text), key);
const lower = (headers) => Object.fromEntries(
  Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
export const messageOf = (signed, secret, time) =>
  ({...signed, headers: lower(signed.headers), secret, time});

// What `run.py` asks for.
const answers = {
  list: ({time}) => rows.map((row) => ({...row, version: versionOf(row), secret: secretOf(row),
    body: bodyOf(row, {time})})),
  verify: async ({row, message}) => {
    const reasons = [];
    const good = await verify(rows[row], message, message.time, reasons);
    const flipped = {...message, body: flip(rows[row], message.body)};
    return {good, reasons, flipped: await verify(rows[row], flipped)};
  },
  sign: async ({row, secret, key, time}) => {
    const signed = await sign(rows[row],
      {secret, time, privateSign: key && privateSign(rows[row], key)});
    return {...signed, flipped: flip(rows[row], signed.body)};
  },
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const name of ['debug', 'log', 'info', 'warn', 'error']) console[name] = () => {};
  for await (const line of createInterface({input: process.stdin})) {
    const question = JSON.parse(line);
    process.stdout.write(`${JSON.stringify(await answers[question.do](question))}\n`);
  }
}
