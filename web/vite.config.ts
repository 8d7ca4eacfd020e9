import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

// GAC_API=https://127.0.0.1:PORT sends the development server's API calls to a running `gac serve`;
// without it the development server answers from dev/fixture.ts, which no build includes.
const api = process.env.GAC_API;

export default defineConfig(async ({ command, mode }) => {
  const fixture =
    command === 'serve' && mode !== 'test' && !api
      ? [(await import('./dev/fixture.ts')).fixture()]
      : [];
  return {
    plugins: [react(), ...fixture],
    resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
    build: {
      manifest: true,
      target: 'es2022',
      // A data: font or script would need a wider content security policy than 'self'.
      assetsInlineLimit: 0,
      chunkSizeWarningLimit: 900,
    },
    server: api
      ? {
          proxy: Object.fromEntries(
            ['/api', '/healthz', '/readyz', '/metrics'].map((path) => [
              path,
              { target: api, secure: false, changeOrigin: true },
            ]),
          ),
        }
      : {},
    test: {
      environment: 'happy-dom',
      pool: 'threads',
      isolate: false,
      // A loaded build machine is slow, not wrong.
      testTimeout: 60_000,
      include: ['src/**/*.test.{ts,tsx}', 'tests/**/*.test.ts'],
      setupFiles: ['./src/testSetup.ts'],
    },
  };
});
