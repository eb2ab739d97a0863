// ajv 8 beside the engine: JSON lines in, {"draft","formats","schema","instances"} each, and out
// {"results": [true, false, …]} or {"refused": "why"}. The class of ajv is the one for the draft.
import Ajv07 from 'ajv';
import Ajv2019 from 'ajv/dist/2019.js';
import Ajv2020 from 'ajv/dist/2020.js';
import Ajv04 from 'ajv-draft-04';
import addFormats from 'ajv-formats';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

const require = createRequire(import.meta.url);
const classes = { '04': Ajv04, '06': Ajv07, '07': Ajv07, '2019-09': Ajv2019, '2020-12': Ajv2020 };
const made = new Map();

function instance(draft, formats) {
  const key = draft + formats;
  if (!made.has(key)) {
    const Class = classes[draft].default ?? classes[draft];
    const ajv = new Class({
      strict: false, logger: false, validateFormats: formats, ignoreKeywordsWithRef: draft <= '07',
    });
    if (formats) (addFormats.default ?? addFormats)(ajv, { mode: 'full' });
    if (draft === '06') ajv.addMetaSchema(require('ajv/dist/refs/json-schema-draft-06.json'));
    made.set(key, ajv);
  }
  return made.get(key);
}

// ajv keeps what it compiled, by $id: it forgets it again, so that no case sees another.
function answer({ draft, formats, schema, instances }) {
  const ajv = instance(draft, formats);
  try {
    const validate = ajv.compile(schema);
    return { results: instances.map((value) => validate(value)) };
  } catch (error) {
    return { refused: String(error.message) };
  } finally {
    ajv.removeSchema(); // all of them, not the meta-schemas
  }
}

for await (const line of createInterface({ input: process.stdin }))
  process.stdout.write(JSON.stringify(answer(JSON.parse(line))) + '\n');
