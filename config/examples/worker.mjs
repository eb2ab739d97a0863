#!/usr/bin/env node
// A worker for Node.js: appends the payload of each event to a file, many at the same time.
//
//     worker: [./worker.mjs, FILE]
//
// Answers may come in any order; the server sends no more than `window` events that are not answered.
import { appendFile } from "node:fs/promises";
import { createInterface } from "node:readline";

async function handle(event) {
  if (!("payload" in event)) return { dead: "the event has no JSON" };
  try {
    await appendFile(process.argv[2], JSON.stringify(event.payload) + "\n");
    return { ok: true };
  } catch (error) {
    console.error(`${event.id}: ${error.message}`);
    return { retry_after: 30 };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const event = JSON.parse(line);
  handle(event).then((answer) => console.log(JSON.stringify({ id: event.id, ...answer })));
}
