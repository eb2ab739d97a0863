// The CloudEvents SDK sends one event in both modes, and one with bytes: node cloudevents.mjs URL TOKEN.
// Says the status of each answer.
import {CloudEvent, emitterFor, httpTransport, Mode} from 'cloudevents';

const [url, token] = process.argv.slice(2);
const headers = {authorization: `Bearer ${token}`};
const event = (id, type, data, more) => new CloudEvent({id, type, source: '/orders/1',
  subject: 'Zoë', time: '2026-01-01T00:00:00.000Z', priority: 'high', data, ...more});
const json = {ref: 'refs/heads/main', list: [1, {a: 'ä'}]};
for (const [mode, made] of [
  [Mode.BINARY, event('1', 'com.example.binary', json)],
  [Mode.STRUCTURED, event('2', 'com.example.structured', json)],
  [Mode.BINARY, event('3', 'com.example.bytes', Buffer.from([0, 1, 255]),
    {datacontenttype: 'application/octet-stream'})],
  [Mode.BINARY, event('1', 'com.example.binary', json)],
]) {
  const answer = await emitterFor(httpTransport(url), {mode})(made, {headers});
  console.log(made.type, JSON.parse(answer.body).error ?? 'taken', answer.body);
}
