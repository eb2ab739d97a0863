// Writes the corpora that all validators read: corpus.mjs DIRECTORY. Of each, NAME.schemas (a schema
// a line) and NAME.documents (a line each: index of its schema, tab, JSON). GitHub's come from
// @octokit's packages; the others are made here.
import fs from "node:fs";
import path from "node:path";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const github = require("@octokit/webhooks-schemas/schema.json");
const events = require("@octokit/webhooks-examples/api.github.com/index.json");
const directory = process.argv[2];

function write(name, schemas, documents) {
  fs.writeFileSync(path.join(directory, `${name}.schemas`), schemas.map((s) => JSON.stringify(s) + "\n").join(""));
  fs.writeFileSync(path.join(directory, `${name}.documents`),
    documents.map(([index, value]) => `${index}\t${JSON.stringify(value)}\n`).join(""));
}

// The definitions that `name` reaches: a schema of its own for each event.
function only(name) {
  const wanted = new Set(), open = [name];
  while (open.length) {
    const next = open.pop();
    if (wanted.has(next)) continue;
    wanted.add(next);
    for (const match of JSON.stringify(github.definitions[next]).matchAll(/"#\/definitions\/([^"]+)"/g)) open.push(match[1]);
  }
  const definitions = Object.fromEntries([...wanted].map((key) => [key, github.definitions[key]]));
  return { $schema: github.$schema, $ref: `#/definitions/${name}`, definitions };
}

function githubCorpora() {
  const names = events.map((e) => (github.definitions[`${e.name}_event`] ? `${e.name}_event` : `${e.name}$event`));
  const documents = events.flatMap((e, index) => e.examples.map((example) => [index, example]));
  write("github", names.map(only), documents);
  write("union", [github], documents.map(([, value]) => [0, value]));
}

const money = { type: "integer", minimum: 0 };
const time = { type: "integer", minimum: 1000000000 };
const stripe = {
  $schema: "http://json-schema.org/draft-07/schema#",
  type: "object",
  required: ["id", "object", "api_version", "created", "data", "livemode", "type"],
  properties: {
    id: { type: "string", pattern: "^evt_[A-Za-z0-9]{8,}$" },
    object: { const: "event" },
    api_version: { type: ["string", "null"], format: "date" },
    created: time,
    livemode: { type: "boolean" },
    pending_webhooks: { type: "integer", minimum: 0 },
    type: { enum: ["charge.succeeded", "charge.failed", "charge.refunded", "charge.updated"] },
    request: {
      type: ["object", "null"],
      properties: { id: { type: ["string", "null"] }, idempotency_key: { type: ["string", "null"], format: "uuid" } },
      additionalProperties: false,
    },
    data: { type: "object", required: ["object"], properties: { object: { $ref: "#/definitions/charge" } } },
  },
  definitions: {
    charge: {
      type: "object",
      required: ["id", "object", "amount", "currency", "status"],
      properties: {
        id: { type: "string", pattern: "^ch_[A-Za-z0-9]{8,}$" },
        object: { const: "charge" },
        amount: money,
        amount_refunded: money,
        created: time,
        currency: { type: "string", minLength: 3, maxLength: 3 },
        paid: { type: "boolean" },
        status: { enum: ["succeeded", "pending", "failed"] },
        receipt_url: { type: ["string", "null"], format: "uri" },
        metadata: { type: "object", maxProperties: 50, additionalProperties: { type: "string", maxLength: 500 } },
        billing_details: {
          type: "object",
          properties: { email: { type: ["string", "null"], format: "email" }, name: { type: ["string", "null"] } },
        },
      },
    },
  },
};

function charge(i) {
  const id = (1e15 + i * 7919).toString(36).toUpperCase();
  return {
    id: `evt_${id}`, object: "event", api_version: "2024-06-20", created: 1718000000 + i, livemode: false,
    pending_webhooks: 1, type: "charge.succeeded",
    request: { id: `req_${id}`, idempotency_key: `00000000-0000-4000-8000-${String(i).padStart(12, "0")}` },
    data: {
      object: {
        id: `ch_${id}`, object: "charge", amount: 100 + i, amount_refunded: 0, created: 1718000000 + i, currency: "eur",
        paid: true, status: "succeeded", receipt_url: `https://pay.example.com/receipts/${id}?s=1`,
        metadata: { order: `order ${i}`, basket: "two apples, a pear" },
        billing_details: { email: `buyer${i}@example.com`, name: "Jenny Rosen" },
      },
    },
  };
}

const items = {
  $schema: "http://json-schema.org/draft-07/schema#",
  type: "array",
  items: {
    type: "object",
    required: ["id", "name", "price"],
    properties: {
      id: { type: "integer", minimum: 0 },
      name: { type: "string", minLength: 1, maxLength: 40 },
      price: { type: "number", minimum: 0 },
      at: { type: "string", format: "date-time" },
      tags: { type: "array", items: { type: "string" }, maxItems: 5 },
    },
    additionalProperties: false,
  },
};

// 1 MiB, within the guard's usual limit of 100,000 values
function largeArray() {
  const list = [];
  for (let i = 0, size = 0; size < 1 << 20; i++) {
    list.push({ id: i, name: `item number ${i}`, price: i / 4, at: "2024-06-20T12:30:45Z", tags: ["red", "round"] });
    size += JSON.stringify(list[i]).length + 1;
  }
  return list;
}

githubCorpora();
write("stripe", [stripe], Array.from({ length: 300 }, (_, i) => [0, charge(i)]));
write("array", [items], [[0, largeArray()]]);
