/** The version in package.json, which the build puts in. */
declare const IAPEER_VERSION: string | undefined;

export const VERSION: string = typeof IAPEER_VERSION === "undefined" ? "0.0.0-source" : IAPEER_VERSION;
