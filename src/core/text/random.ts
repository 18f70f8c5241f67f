/** Random bytes as hexadecimal digits. It uses the global Web Crypto, since node:crypto takes a third of a start to load. */
export function randomHex(bytes: number): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(bytes))).toString("hex");
}
