import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    testTimeout: 60_000,
    hookTimeout: 60_000,
    setupFiles: ["test/support/property-seed.ts", "test/support/compile-cache.ts"],
    projects: [
      {
        extends: true,
        test: { name: "unit", include: ["test/unit/**/*.test.ts", "detectors/**/*.test.ts"] },
      },
      { extends: true, test: { name: "contracts", include: ["test/contracts/**/*.test.ts"] } },
      { extends: true, test: { name: "laws", include: ["test/laws/**/*.test.ts"] } },
      {
        extends: true,
        test: { name: "e2e", include: ["test/e2e/**/*.test.ts"], fileParallelism: false },
      },
    ],
  },
});
