/** The reason to refuse a text as JSON, in words that follow the name of its file. */
export class JsonProblem extends Error {
  override readonly name = "JsonProblem";
}
