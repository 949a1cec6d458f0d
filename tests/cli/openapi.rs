//! OpenAPI documents as tests need them: cut down to a few paths, with what these refer to, and looked up by name.
//!
//! Owns: reading such a document as JSON. Never touches: where it comes from, what serves it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::server::Request;

/// The parts of a document that are named in another part.
fn named(part: &Value, found: &mut Vec<String>) {
    match part {
        Value::Object(members) => {
            for (key, value) in members {
                match value {
                    Value::String(text) if key == "$ref" => found.push(text[1..].to_owned()),
                    value => named(value, found),
                }
            }
        }
        Value::Array(list) => list.iter().for_each(|value| named(value, found)),
        _ => {}
    }
}

fn put(root: &mut Value, pointer: &str, part: Value) {
    let mut at = root;
    for key in pointer.split('/').skip(1) {
        at = &mut at[key.replace("~1", "/").replace("~0", "~")];
    }
    *at = part;
}

/// A document with some of its paths, each under the path at which it is asked, and what these need.
pub(crate) fn cut(whole: &Value, paths: &[(&str, &str)]) -> Value {
    let mut kept = json!({"info": {"title": "Cut down", "version": "1"}, "paths": {}});
    for key in ["openapi", "swagger", "security", "securityDefinitions"] {
        if let Some(value) = whole.get(key) {
            kept[key] = value.clone();
        }
    }
    if let Some(schemes) = whole.pointer("/components/securitySchemes") {
        kept["components"]["securitySchemes"] = schemes.clone();
    }
    for (theirs, ours) in paths {
        let item = whole["paths"].get(theirs);
        kept["paths"][ours] = item
            .unwrap_or_else(|| panic!("the document has no {theirs}"))
            .clone();
    }
    let mut open = Vec::new();
    named(&kept["paths"], &mut open);
    while let Some(pointer) = open.pop() {
        if kept.pointer(&pointer).is_none() {
            let part = whole.pointer(&pointer).unwrap().clone();
            named(&part, &mut open);
            put(&mut kept, &pointer, part);
        }
    }
    kept
}

/// A part of a document, or what it refers to.
fn looked_up<'d>(document: &'d Value, part: &'d Value) -> &'d Value {
    match part["$ref"].as_str() {
        Some(to) => looked_up(document, document.pointer(&to[1..]).unwrap()),
        None => part,
    }
}

/// Names of the members that a schema knows, in any of its forms.
fn members(document: &Value, schema: &Value, found: &mut BTreeSet<String>) {
    let schema = looked_up(document, schema);
    if let Some(properties) = schema["properties"].as_object() {
        found.extend(properties.keys().cloned());
    }
    for form in ["oneOf", "anyOf", "allOf"] {
        for inner in schema[form].as_array().into_iter().flatten() {
            members(document, inner, found);
        }
    }
}

/// Names in the query and in the body of a request that the document does not know.
pub(crate) fn unknown(document: &Value, request: &Request) -> Vec<String> {
    let fits = |template: &str| {
        let (ours, theirs) = (request.path.split('/'), template.split('/'));
        ours.clone().count() == theirs.clone().count()
            && ours.zip(theirs).all(|(o, t)| o == t || t.starts_with('{'))
    };
    let paths = document["paths"].as_object().unwrap();
    let Some((_, item)) = paths.iter().find(|(template, _)| fits(template)) else {
        return vec![request.path.clone()];
    };
    let operation = &item[request.method.to_ascii_lowercase()];
    let parameters = [&item["parameters"], &operation["parameters"]];
    let mut known = BTreeSet::new();
    for parameter in parameters.iter().filter_map(|p| p.as_array()).flatten() {
        let parameter = looked_up(document, parameter);
        if parameter["in"] == "query" {
            known.insert(parameter["name"].as_str().unwrap().to_owned());
        }
    }
    let body = looked_up(document, &operation["requestBody"]);
    for content in body["content"].as_object().into_iter().flatten() {
        members(document, &content.1["schema"], &mut known);
    }
    let asked = request.query.iter().map(|(name, _)| name.clone());
    let sent = request.json();
    let sent = sent.as_object().into_iter().flatten();
    asked
        .chain(sent.map(|(name, _)| name.clone()))
        .filter(|name| !known.contains(name))
        .collect()
}

/// The servers of a document, kept beside what is cut down: Prism would take them for a part of its own address.
pub(crate) fn with_servers(mut cut: Value, whole: &Value) -> Value {
    cut["x-servers"] = whole["servers"].clone();
    cut
}

/// A method of a discovery document in the words of OpenAPI: both describe parameters by JSON Schema.
pub(crate) fn as_openapi(discovery: &Value, method: &Value) -> Value {
    let listed = [&discovery["parameters"], &method["parameters"]];
    let listed = listed.iter().filter_map(|list| list.as_object()).flatten();
    let parameters: Vec<Value> = listed
        .map(|(name, about)| {
            let mut schema = json!({});
            for key in ["type", "pattern", "enum"] {
                if let Some(value) = about.get(key) {
                    schema[key] = value.clone();
                }
            }
            // Google writes these as text, and means patterns of the whole value.
            for key in ["minimum", "maximum"] {
                if let Some(text) = about[key].as_str() {
                    schema[key] = json!(text.parse::<i64>().unwrap());
                }
            }
            if let Some(pattern) = about["pattern"].as_str() {
                schema["pattern"] = json!(format!("^({pattern})$"));
            }
            json!({"name": name, "in": about["location"], "required": about["required"] == true, "schema": schema})
        })
        .collect();
    let mut schemas = discovery["schemas"].clone();
    referred(&mut schemas);
    let (path, verb) = (&method["path"], method["httpMethod"].as_str().unwrap());
    let answer = format!(
        "#/components/schemas/{}",
        method["response"]["$ref"].as_str().unwrap()
    );
    json!({
        "openapi": "3.0.3",
        "servers": [{"url": discovery["rootUrl"]}],
        "paths": {(format!("/{}", path.as_str().unwrap())): {(verb.to_ascii_lowercase()): {
            "parameters": parameters,
            "security": [{"token": []}],
            "responses": {"200": {
                "description": "", "content": {"application/json": {"schema": {"$ref": answer}}},
            }},
        }}},
        "components": {
            "schemas": schemas,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    })
}

/// Names of schemas as OpenAPI refers to them.
fn referred(part: &mut Value) {
    match part {
        Value::Object(members) => {
            members
                .remove("id")
                .filter(Value::is_object)
                .map(|kept| members.insert("id".into(), kept));
            for (key, value) in members {
                match value {
                    Value::String(name) if key == "$ref" => {
                        *name = format!("#/components/schemas/{name}")
                    }
                    value => referred(value),
                }
            }
        }
        Value::Array(list) => list.iter_mut().for_each(referred),
        _ => {}
    }
}
