// A response message as the JSON document that it stands for.
import { getOption } from "@bufbuild/protobuf";
import { reflect } from "@bufbuild/protobuf/reflect";
import { FeatureSet_FieldPresence as Presence } from "@bufbuild/protobuf/wkt";
import { Slot, slot } from "./gen/strangler_protos/v1/options_pb.js";

const FRAMEWORK = 1000;

// Keys are the fields' json_name, in the order of the contract; int64 is a BigInt.
export function documentOf(schema, message) {
  return read(reflect(schema, message));
}

function read(message) {
  const document = {};
  const fields = message.desc.fields.filter((field) => field.number < FRAMEWORK);
  for (const field of fields) document[field.jsonName] = valueOf(message, field);
  const keys = new Map(fields.map((field) => [field.number, field.jsonName]));
  for (const { number, json } of message.message.stranglerOverflow) {
    // Number 0 is the whole message.
    if (number === 0) return parse(json);
    document[keys.get(number)] = parse(json);
  }
  return document;
}

function valueOf(message, field) {
  if (field.fieldKind === "list") {
    const items = [...message.get(field)];
    if (getOption(field, slot) === Slot.OBJECT) return objectOf(items);
    return field.listKind === "message" ? items.map(read) : items;
  }
  if (field.presence === Presence.EXPLICIT && !message.isSet(field)) return null;
  const value = message.get(field);
  if (field.fieldKind === "message") return read(value);
  return getOption(field, slot) === Slot.JSON ? parse(value) : value;
}

function objectOf(entries) {
  return Object.fromEntries(entries.map(read).map((entry) => [entry.key, entry.value]));
}

// JSON.parse would round an integer beyond 2^53, as it does inside of lists and objects.
function parse(json) {
  return /^-?\d+$/.test(json) ? BigInt(json) : JSON.parse(json);
}
