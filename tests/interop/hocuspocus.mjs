// A Hocuspocus server with its webhook extension, one client that connects and changes a document:
// node hocuspocus.mjs URL SECRET. Says "change sent" when the sender has had its answers.
import { Server } from '@hocuspocus/server';
import { Events, Webhook } from '@hocuspocus/extension-webhook';
import { HocuspocusProvider, HocuspocusProviderWebsocket } from '@hocuspocus/provider';
import WebSocket from 'ws';
import * as Y from 'yjs';

const [url, secret] = process.argv.slice(2);
const webhook = new Webhook({
  url, secret, debounce: 0, events: [Events.onConnect, Events.onChange],
  transformer: { toYdoc: () => new Y.Doc(), fromYdoc: document => document.getMap('test').toJSON() },
});
const send = webhook.sendRequest.bind(webhook);
webhook.sendRequest = async (event, payload) => {
  const answer = await send(event, payload);
  console.log(event, 'sent');
  if (event === Events.onChange) setTimeout(() => process.exit(0), 10);
  return answer;
};
const server = new Server({ quiet: true, stopOnSignals: false, extensions: [webhook], port: 0, address: '127.0.0.1' });
await server.listen();
const websocketProvider = new HocuspocusProviderWebsocket({
  url: `ws://127.0.0.1:${server.address.port}`, WebSocketPolyfill: WebSocket });
const document = new Y.Doc();
const provider = new HocuspocusProvider({ name: 'a-document', document, websocketProvider });
provider.attach?.();
provider.on('synced', () => document.getMap('test').set('key', 'value'));
setTimeout(() => { console.error('nothing was sent'); process.exit(1); }, 20000);
