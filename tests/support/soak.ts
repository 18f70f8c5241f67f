/** The size of a test: a small one in `npm test`, the whole one in `npm run soak`. */
export function soaked<T>(whole: T, small: T): T {
  return process.env["SOAK"] === "1" ? whole : small;
}
