/** Why a text is not the JSON that iapeer reads. */
export class JsonProblem extends Error {
  override readonly name = "JsonProblem";
}
