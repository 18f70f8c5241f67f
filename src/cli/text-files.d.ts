/** Files that the build takes in as text: `import text from "./file.sh" with { type: "text" }`. */
declare module "*.sh" {
  const text: string;
  export default text;
}
