// What Python signed and encoded: node vectors.js VECTORS prints what this language makes of it.
import { readFileSync } from "node:fs";
import { fromBinary } from "@bufbuild/protobuf";
import * as catalog from "./gen/banyan/catalog/v1/catalog_pb.js";
import { documentOf } from "./document.js";
import { sign } from "./identity.js";

const { identities, messages } = JSON.parse(readFileSync(process.argv[2], "utf8"));
const tokens = identities.map(({ caller, kid, key, method, message, now_ms: nowMs }) =>
  sign(caller, { kid, key: Buffer.from(key, "hex"), method, message: Buffer.from(message, "hex"), nowMs }),
);
const documents = messages.map(({ schema, bytes }) =>
  documentOf(catalog[`${schema}Schema`], fromBinary(catalog[`${schema}Schema`], Buffer.from(bytes, "hex"))),
);
const text = JSON.stringify(
  { tokens: tokens.map((token) => Buffer.from(token).toString("hex")), documents },
  (_, value) => (typeof value === "bigint" ? `bigint:${value}` : value),
);
console.log(text.replaceAll(/"bigint:(-?\d+)"/g, "$1"));
