import { quoteForMessage } from "../../model/names.ts";

/** The value of a key with such a name is a credential, whatever it looks like. */
const SECRET_KEY =
  /^(?:.*_)?(?:(?:api_?key|password|passwd|passphrase|secret|credential|private_?key|access_?key)s?|token)$|^tokens$/;

/** Credentials that tell what they are by how they begin. */
const SECRET_VALUES = [
  /(?<![A-Za-z0-9])sk-(?:[A-Za-z0-9_-]{16,}|(?=[A-Za-z_-]*[0-9])[A-Za-z0-9_-]{6,})/,
  /(?<![A-Za-z0-9])gh[oprsu]_[A-Za-z0-9]{6,}/,
  /(?<![A-Za-z0-9])github_pat_[A-Za-z0-9_]{6,}/,
  /(?<![A-Za-z0-9])glpat-[A-Za-z0-9_-]{6,}/,
  /(?<![A-Za-z0-9])xox[a-z]-[A-Za-z0-9-]{6,}/,
  /(?<![A-Za-z0-9])AKIA[A-Z0-9]{16}(?![A-Za-z0-9])/,
  /(?<![A-Za-z0-9])AIza[A-Za-z0-9_-]{30,}/,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----/,
]
  .map(({ source }) => source)
  .join("|");

/** `apiKey`, `GITHUB_TOKEN`, `client-secret`. Not `max_tokens`, which is a number of them. */
export function isSecretKey(key: string): boolean {
  return SECRET_KEY.test(
    key
      .replaceAll(/([a-z0-9])([A-Z])/g, "$1_$2")
      .replaceAll(/[-. ]/g, "_")
      .toLowerCase(),
  );
}

export function holdsSecret(text: string): boolean {
  return new RegExp(SECRET_VALUES).test(text);
}

/** Where in a text, comments included, credentials begin. */
export function findSecrets(text: string): number[] {
  return [...text.matchAll(new RegExp(SECRET_VALUES, "g"))].map(({ index }) => index);
}

/** A text without the credentials in it, for a message. */
export function maskSecrets(text: string): string {
  return text.replaceAll(new RegExp(SECRET_VALUES, "g"), "…");
}

/** A text of the file inside our message. */
export function quote(text: string): string {
  return quoteForMessage(maskSecrets(text));
}
