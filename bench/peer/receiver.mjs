// A durable receiver as people write one today: Node.js, better-sqlite3 in WAL mode with FULL, all that waits in
// one transaction, TLS, GitHub's HMAC. For bench/run only.
//
//   node receiver.mjs store|deliver CERT KEY DATABASE SECRET [FIFO]
//
// `store` writes the event and says 202. `deliver` also has a delivery of each event: claimed, written into the
// FIFO as a JSON line, and its outcome recorded. Prints its port.
import Database from "better-sqlite3";
import { createHmac, randomUUID, timingSafeEqual } from "node:crypto";
import fs from "node:fs";
import https from "node:https";

const [mode, cert, key, file, secret, fifo] = process.argv.slice(2);
const db = new Database(file);
db.pragma("journal_mode = WAL");
db.pragma("synchronous = FULL");
db.exec(`CREATE TABLE event (seq INTEGER PRIMARY KEY, id TEXT, delivery TEXT, type TEXT, received INTEGER);
         CREATE TABLE body (event INTEGER PRIMARY KEY, content BLOB);
         CREATE TABLE delivery (event INTEGER PRIMARY KEY, state TEXT, ended INTEGER);
         CREATE INDEX delivery_open ON delivery (event) WHERE state <> 'done'`);
const addEvent = db.prepare("INSERT INTO event (id, delivery, type, received) VALUES (?, ?, ?, ?)");
const addBody = db.prepare("INSERT INTO body VALUES (?, ?)");
const addDelivery = db.prepare("INSERT INTO delivery VALUES (?, ?, NULL)");
const finish = db.prepare("UPDATE delivery SET state = 'done', ended = ? WHERE event = ?");
const known = new Map(); // delivery ids
let waiting = [], ended = [], scheduled = false, pipe, writing = [];

function turn() {
  scheduled = false;
  const batch = waiting, over = ended;
  waiting = [];
  ended = [];
  db.exec("BEGIN IMMEDIATE");
  for (const seq of over) finish.run(Date.now(), seq);
  for (const event of batch) {
    event.id = randomUUID();
    event.seq = Number(addEvent.run(event.id, event.delivery, event.type, Date.now()).lastInsertRowid);
    addBody.run(event.seq, event.body);
    if (mode === "deliver") addDelivery.run(event.seq, "running");
  }
  db.exec("COMMIT");
  for (const event of batch) {
    answer(event.response, 202, { id: event.id });
    if (mode === "deliver") writing.push(event);
  }
  if (writing.length) feed();
}

function feed() {
  const events = writing;
  writing = [];
  const lines = events.map(({ id, type, delivery, body }) =>
    `{"id":"${id}","type":${JSON.stringify(type)},"delivery":${JSON.stringify(delivery)},"payload":${body.toString()}}\n`);
  pipe.write(lines.join(""), () => {
    for (const { seq } of events) ended.push(seq);
    schedule();
  });
}

function schedule() {
  if (!scheduled) setImmediate(turn);
  scheduled = true;
}

function answer(response, status, value) {
  const text = JSON.stringify(value);
  response.writeHead(status, { "Content-Type": "application/json", "Content-Length": text.length });
  response.end(text);
}

function receive(request, response, body) {
  const wanted = "sha256=" + createHmac("sha256", secret).update(body).digest("hex");
  const given = request.headers["x-hub-signature-256"] ?? "";
  if (given.length !== wanted.length || !timingSafeEqual(Buffer.from(given), Buffer.from(wanted)))
    return answer(response, 401, { error: "unauthenticated" });
  try {
    JSON.parse(body);
  } catch {
    return answer(response, 400, { error: "json" });
  }
  const delivery = request.headers["x-github-delivery"];
  if (known.has(delivery)) return answer(response, 200, { duplicate: true });
  known.set(delivery, true);
  waiting.push({ response, body, delivery, type: request.headers["x-github-event"] });
  schedule();
}

const server = https.createServer({ cert: fs.readFileSync(cert), key: fs.readFileSync(key) }, (request, response) => {
  const pieces = [];
  request.on("data", (piece) => pieces.push(piece));
  request.on("end", () => receive(request, response, pieces.length === 1 ? pieces[0] : Buffer.concat(pieces)));
});
if (mode === "deliver") pipe = fs.createWriteStream(fifo);
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
process.on("SIGTERM", () => process.exit(0));
