/** The variable that holds the token of a session, in the environment of its agent alone. */
export const TOKEN_VARIABLE = "IAPEER_TOKEN";

/** A secret of one incarnation. Only the hash is ever written down. */
export interface Token {
  readonly token: string;
  readonly hash: string;
}

const TOKEN_BYTES = 32;

/** Makes a token of 256 random bits. */
export function mintToken(): Token {
  const token = Buffer.from(crypto.getRandomValues(new Uint8Array(TOKEN_BYTES))).toString("hex");
  return { token, hash: hashToken(token) };
}

/** The SHA-256 of a token, in hex. A token of 256 random bits needs no salt and no slow hash. */
export function hashToken(token: string): string {
  return new Bun.CryptoHasher("sha256").update(token).digest("hex");
}
