import { anyOf } from "../../model/characters.ts";
import { IapeerError } from "../../model/errors.ts";

/** A value of a property list. */
export type PlistValue = string | boolean | readonly string[] | { readonly [key: string]: PlistValue };

/**
 * Renders a property list in XML, for launchd (launchd.plist(5)).
 *
 * @throws IapeerError `invalid-value` for a text that XML cannot hold.
 */
export function renderPlist(dict: Readonly<Record<string, PlistValue>>): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
${renderValue(dict, "").join("\n")}
</plist>
`;
}

function renderValue(value: PlistValue, indent: string): string[] {
  if (typeof value === "string") return [`${indent}<string>${escapeXml(value)}</string>`];
  if (typeof value === "boolean") return [`${indent}<${String(value)}/>`];
  const inner = `${indent}  `;
  if (isList(value)) return [`${indent}<array>`, ...value.flatMap((one) => renderValue(one, inner)), `${indent}</array>`];
  const lines = Object.entries(value).flatMap(([key, one]) => [
    `${inner}<key>${escapeXml(key)}</key>`,
    ...renderValue(one, inner),
  ]);
  return [`${indent}<dict>`, ...lines, `${indent}</dict>`];
}

function isList(value: object): value is readonly string[] {
  return Array.isArray(value);
}

/** Characters that XML 1.0 cannot hold (Char, 2.2). */
const NOT_IN_XML = anyOf(["nul", "ascii", "noncharacters"]);

function escapeXml(text: string): string {
  if (NOT_IN_XML.test(text))
    throw new IapeerError("invalid-value", `launchd's files cannot hold the path ${JSON.stringify(text)}`);
  // XML reads a bare CR as a line feed (2.11).
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll("\r", "&#13;");
}

/** The string of a key in a property list that renderPlist wrote; undefined when there is none. */
export function readPlistString(text: string, key: string): string | undefined {
  const found = new RegExp(`<key>${key}</key>\\s*<string>([^<]*)</string>`).exec(text)?.[1];
  return found?.replaceAll("&#13;", "\r").replaceAll("&gt;", ">").replaceAll("&lt;", "<").replaceAll("&amp;", "&");
}
