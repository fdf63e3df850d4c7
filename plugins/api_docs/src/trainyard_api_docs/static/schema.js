// What a JSON schema says, in words and as an example. Pure: it touches no page.

const DEPTH = 6;

export class Schemas {
  constructor(document) {
    this.document = document;
  }

  resolve(schema) {
    let found = schema ?? {};
    for (let hops = 0; found.$ref && hops < 20; hops += 1) {
      found = found.$ref.slice(2).split("/").reduce((part, key) => part?.[key.replaceAll("~1", "/").replaceAll("~0", "~")], this.document) ?? {};
    }
    return found;
  }

  // The type of a value in one line: `list of Run`, `string or null`.
  words(schema) {
    if (!schema) return "anything";
    if (schema.$ref) return schema.$ref.split("/").pop();
    for (const many of ["oneOf", "anyOf", "allOf"]) {
      if (schema[many]) return schema[many].map((each) => this.words(each)).join(" or ");
    }
    if (schema.enum) return schema.enum.map((each) => JSON.stringify(each)).join(" or ");
    if (schema.const !== undefined) return JSON.stringify(schema.const);
    const types = [schema.type ?? "anything"].flat();
    return types.map((type) => this.one(type, schema)).join(" or ");
  }

  one(type, schema) {
    if (type === "array") return `list of ${this.words(schema.items)}`;
    if (type === "object" && typeof schema.additionalProperties === "object") {
      return `object of ${this.words(schema.additionalProperties)}`;
    }
    const limits = [];
    if (schema.minimum !== undefined) limits.push(`from ${schema.minimum}`);
    if (schema.maximum !== undefined) limits.push(`to ${schema.maximum}`);
    return [type, schema.format ? `(${schema.format})` : "", ...limits].filter(Boolean).join(" ");
  }

  // The fields of an object: name, type, whether it must be there, description.
  fields(schema) {
    const found = this.resolve(schema);
    const must = new Set(found.required ?? []);
    return Object.entries(found.properties ?? {}).map(([name, each]) => ({
      name,
      type: this.words(each),
      required: must.has(name),
      text: each.description ?? (each.default === undefined ? "" : `default ${JSON.stringify(each.default)}`),
    }));
  }

  // A value of the schema: what must be there, and nothing else where nothing must.
  example(schema, depth = 0) {
    const found = this.resolve(schema);
    if (found.default !== undefined) return found.default;
    if (found.enum) return found.enum[0];
    if (found.const !== undefined) return found.const;
    const many = found.oneOf ?? found.anyOf ?? found.allOf;
    if (many) return this.example(many.find((each) => each.type !== "null") ?? many[0], depth + 1);
    const type = [found.type].flat()[0];
    if (type === "object" || found.properties) return this.object(found, depth);
    return { array: [], string: "", integer: found.minimum ?? 0, number: found.minimum ?? 0, boolean: false }[type] ?? null;
  }

  object(schema, depth) {
    if (depth > DEPTH) return {};
    const must = new Set(schema.required ?? []);
    const chosen = Object.entries(schema.properties ?? {}).filter(([name]) => must.size === 0 || must.has(name));
    return Object.fromEntries(chosen.map(([name, each]) => [name, this.example(each, depth + 1)]));
  }
}
