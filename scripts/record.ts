// Runs the commands of every page and writes down what they print now: node scripts/with-bun.mjs scripts/record.ts [PAGE…]
import { join } from "node:path";
import { ensureBinary } from "./binary.ts";
import { findPages } from "./record/pages.ts";
import { recordPage } from "./record/page.ts";

const ROOT = join(import.meta.dir, "..");
const binary = await ensureBinary();
const wanted = process.argv.slice(2);

for (const page of wanted.length > 0 ? wanted : findPages()) {
  const file = Bun.file(join(ROOT, page));
  const before = await file.text();
  const after = await recordPage(before, binary);
  if (after !== before) await file.write(after);
  console.log(`${after === before ? "as it was" : "rewritten"}  ${page}`);
}
