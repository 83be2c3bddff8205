// What the types of a stripe SDK for node say of Stripe's objects: node types.cjs TYPESCRIPT SDK, both
// the folders of packages. Prints JSON: "objects" names the interface of each `object` value,
// "events" and "notifications" that of each type of thin event, fetched or delivered, "interfaces" has the fields of each as [type, whether it may be left out]. A type is "string",
// "number", "boolean", "null", "any", or one of {is: a literal}, {of: the type of an array's items},
// {list: that of a list object's}, {map: that of values}, {ref: an interface}, {any: types}.
const fs = require("node:fs");
const path = require("node:path");

const [typescript, sdk] = process.argv.slice(2);
const ts = require(typescript);

function declarations(folder) {
  return fs.readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const found = path.join(folder, entry.name);
    if (entry.isDirectory()) return declarations(found);
    return found.endsWith(".d.ts") ? [found] : [];
  });
}

const types = path.join(sdk, "types");
const folder = fs.existsSync(path.join(types, "index.d.ts")) ? types : path.join(sdk, "cjs");
const program = ts.createProgram(declarations(folder), {
  strict: true,
  types: [],
  skipLibCheck: true,
  module: ts.ModuleKind.Node16,
  moduleResolution: ts.ModuleResolutionKind.Node16,
});
const checker = program.getTypeChecker();
const interfaces = {};
const objects = {};
const events = {};
const notifications = {};
const { TypeFlags, SymbolFlags } = ts;

function nameOf(symbol) {
  return checker
    .getFullyQualifiedName(symbol)
    .replace(/^"(.*)"\./, (_, module) => `${path.basename(path.dirname(module))}:`);
}

function describe(type) {
  const { flags } = type;
  if (flags & (TypeFlags.Any | TypeFlags.Unknown)) return "any";
  if (flags & TypeFlags.Null) return "null";
  if (flags & TypeFlags.Undefined) return "undefined";
  if (flags & (TypeFlags.StringLiteral | TypeFlags.NumberLiteral)) return { is: type.value };
  if (flags & TypeFlags.BooleanLiteral) return { is: type.intrinsicName === "true" };
  if (flags & (TypeFlags.String | TypeFlags.TemplateLiteral)) return "string";
  if (flags & TypeFlags.Number) return "number";
  if (flags & TypeFlags.Boolean) return "boolean";
  if (type.isUnion()) {
    return { any: type.types.map(describe).filter((one) => one !== "undefined") };
  }
  if (type.isIntersection()) {
    return type.types.some((one) => one.flags & TypeFlags.String) ? "string" : "any";
  }
  if (checker.isArrayType(type)) return { of: describe(checker.getTypeArguments(type)[0]) };
  const { symbol } = type;
  if (!symbol) return "any";
  if (/^Api(List|SearchResult)$/.test(symbol.name)) {
    return { list: describe(checker.getTypeArguments(type)[0]) };
  }
  const index = checker.getIndexInfoOfType(type, ts.IndexKind.String);
  if (index && !type.getProperties().length) return { map: describe(index.type) };
  if (symbol.name.endsWith("Decimal")) return "string";
  const name = nameOf(symbol);
  record(name, type);
  return { ref: name };
}

function record(name, type) {
  if (interfaces[name]) return;
  const fields = (interfaces[name] = {});
  for (const property of type.getProperties()) {
    const [declared] = property.declarations ?? [];
    if (declared && ts.isPropertySignature(declared)) {
      const optional = Boolean(property.flags & SymbolFlags.Optional);
      fields[property.name] = [describe(checker.getTypeOfSymbol(property)), optional];
    }
  }
}

function member(node, name) {
  return node.members.find((one) => one.name?.text === name);
}

function visit(node) {
  if (ts.isInterfaceDeclaration(node)) {
    const kind = member(node, "object")?.type?.literal?.text;
    const type = checker.getTypeAtLocation(node);
    const name = nameOf(type.symbol);
    if (kind && !/Deleted|Params/.test(name)) {
      objects[kind] ??= name;
      record(name, type);
    }
    const happened = member(node, "type")?.type?.literal?.text;
    if (/^v[12]\./.test(happened) && /Event(Notification)?$/.test(name)) {
      (name.endsWith("Notification") ? notifications : events)[happened] = name;
      record(name, type);
    }
  } else if (ts.isModuleDeclaration(node) || ts.isModuleBlock(node) || ts.isSourceFile(node)) {
    ts.forEachChild(node, visit);
  }
}

for (const file of program.getSourceFiles()) {
  if (file.fileName.startsWith(folder)) visit(file);
}
process.stdout.write(JSON.stringify({ objects, events, notifications, interfaces }));
