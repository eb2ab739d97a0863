// One JavaScript validator over one corpus: measure.mjs DIRECTORY CORPUS ajv|schemasafe none|assert.
// Prints a line of JSON, as bench_schema does: processor time of the whole process in microseconds a
// document. Run with --expose-gc.
import fs from "node:fs";
import path from "node:path";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const [directory, corpus, engine, formats] = process.argv.slice(2);
const assert = formats === "assert";

function lines(kind) {
  return fs.readFileSync(path.join(directory, `${corpus}.${kind}`), "utf8").split("\n").slice(0, -1);
}

const compilers = {
  ajv(texts) {
    const { default: Ajv } = require("ajv");
    const ajv = new Ajv({ strict: false, validateFormats: assert });
    if (assert) require("ajv-formats").default(ajv);
    return texts.map((text) => ajv.compile(JSON.parse(text)));
  },
  schemasafe(texts) {
    const { validator } = require("@exodus/schemasafe");
    return texts.map((text) => validator(JSON.parse(text), { mode: "spec", isJSON: true, formatAssertion: assert }));
  },
};

function cpu() {
  const { user, system } = process.cpuUsage();
  return user + system;
}

// Best of `turns`, in microseconds.
function best(turns, run) {
  let least = Infinity;
  for (let i = 0; i < turns; i++) {
    const begun = cpu();
    run();
    least = Math.min(least, cpu() - begun);
  }
  return least;
}

const documents = lines("documents").map((line) => {
  const tab = line.indexOf("\t");
  const body = Buffer.from(line.slice(tab + 1));
  return { index: +line.slice(0, tab), body, value: JSON.parse(body) };
});
const texts = lines("schemas");

globalThis.gc();
const before = process.memoryUsage().heapUsed;
let begun = cpu();
const validators = compilers[engine](texts);
const compile = cpu() - begun;
globalThis.gc();
const memory = process.memoryUsage().heapUsed - before;

const alone = (d) => validators[d.index](d.value);
const whole = (d) => validators[d.index](JSON.parse(d.body));
const parse = (d) => JSON.parse(d.body);
const valid = documents.filter(alone).length;

// The same document again and again: each in batches of about `us`, its best counts.
function hot(work, us) {
  let sum = 0;
  for (const d of documents) {
    const once = Math.max(best(2, () => work(d)), 1);
    const times = Math.max(1, Math.min(2000, Math.ceil(us / once)));
    sum += best(8, () => { for (let i = 0; i < times; i++) work(d); }) / times;
  }
  return sum / documents.length;
}

// All documents in turn.
function cold(work) {
  const pass = () => { for (const d of documents) work(d); };
  const once = best(1, pass);
  return best(Math.max(5, Math.min(40, Math.ceil(700000 / once))), pass) / documents.length;
}

// Until the compilers behind have nothing left to do: no pass was 3 % faster for two seconds.
function warm(work) {
  const begun = cpu();
  let least = Infinity, since = begun;
  while (cpu() - since < 2e6 && cpu() - begun < 15e6) {
    const pass = best(1, () => { for (const d of documents) work(d); });
    if (pass < least * 0.97) {
      least = pass;
      since = cpu();
    }
  }
}

const batch = Math.max(300, Math.min(20000, 600000 / documents.length / 8));
const result = { engine, corpus, formats, valid, documents: documents.length, compile_ms: compile / 1000, memory };
for (const [name, work] of Object.entries({ alone, whole, parse })) {
  warm(work);
  result[`${name}_cold`] = cold(work);
  result[`${name}_hot`] = hot(work, batch);
}
console.log(JSON.stringify(result));
