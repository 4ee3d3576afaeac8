import { enableCompileCache } from "node:module";

/**
 * Threads that tests start load sources as Node.js does, not as Vitest. With what was compiled before they start in less than
 * half the time, and no thread has to load the WebAssembly with which Node.js strips types.
 */
enableCompileCache();
