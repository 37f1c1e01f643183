/**
 * Target descriptions as XML.
 *
 * @module
 */
import type {
  DescribedFeature,
  DescribedRegister,
  DescribedType,
  TargetDescription,
} from "./model.ts";
import { xmlElement, xmlText } from "../documents/write_xml.ts";

/** A target description as the file `target.xml`. */
export function formatTargetXml(description: TargetDescription): string {
  const { architecture, osabi, features } = description;
  return [
    '<?xml version="1.0"?>',
    '<!DOCTYPE target SYSTEM "gdb-target.dtd">',
    xmlElement("target", { version: "1.0" }, [
      ...architecture === undefined
        ? []
        : [`<architecture>${xmlText(architecture)}</architecture>`],
      ...osabi === undefined ? [] : [`<osabi>${xmlText(osabi)}</osabi>`],
      ...features.map(featureXml),
    ]),
    "",
  ].join("\n");
}

function featureXml(feature: DescribedFeature): string {
  return xmlElement("feature", { name: feature.name }, [
    ...feature.types.map(typeXml),
    ...feature.registers.map(registerXml),
  ]);
}

function typeXml(type: DescribedType): string {
  switch (type.kind) {
    case "vector":
      return xmlElement("vector", { id: type.id, type: type.type, count: type.count });
    case "union":
      return xmlElement(
        "union",
        { id: type.id },
        type.fields.map(([name, of]) => xmlElement("field", { name, type: of })),
      );
    default:
      return xmlElement(
        type.kind,
        { id: type.id, size: type.size },
        type.fields.map(([name, start, end]) => xmlElement("field", { name, start, end })),
      );
  }
}

function registerXml(register: DescribedRegister): string {
  return xmlElement("reg", {
    name: register.name,
    bitsize: register.bits,
    type: register.type,
    regnum: register.number,
    group: register.group,
    "save-restore": register.isSaved === false ? "no" : undefined,
  });
}
