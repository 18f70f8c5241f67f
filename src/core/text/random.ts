/** So many random bytes as hexadecimal digits. The global Web Crypto: loading node:crypto would cost a third of a start. */
export function randomHex(bytes: number): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(bytes))).toString("hex");
}
