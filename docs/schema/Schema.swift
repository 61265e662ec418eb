/// The JSON Schema of the declaration files, byte for byte as published in `docs/schema/leadwright.schema.json`.
public let declarationSchema = String(decoding: PackageResources.leadwright_schema_json, as: UTF8.self)
