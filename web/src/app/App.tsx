import { createTheme, MantineProvider } from '@mantine/core';
import { QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { useState } from 'react';
import { forgetSession } from '@/api/session.ts';
import { makeRouter } from '@/app/router.tsx';
import { useText } from '@/text/index.ts';
import { asFault } from '@/ui/states.tsx';
import { useTheme } from '@/ui/theme.ts';
import { Toasts } from '@/ui/toasts.tsx';

const theme = createTheme({
  fontFamily: 'var(--sans)',
  fontFamilyMonospace: 'var(--mono)',
  black: '#1b242b',
  white: '#ffffff',
  respectReducedMotion: true,
  focusRing: 'never',
});

function makeClient() {
  const client: QueryClient = new QueryClient({
    queryCache: new QueryCache({
      onError: (error) => {
        // The session ran out while working: the frame sees it and asks to sign in again.
        if (asFault(error).status === 401) forgetSession(client);
      },
    }),
    defaultOptions: {
      queries: {
        staleTime: 15_000,
        retry: (count, error) => {
          const { status } = asFault(error);
          return (status === 0 || status >= 500) && count < 2;
        },
      },
      mutations: { retry: false },
    },
  });
  return client;
}

export function App() {
  const [{ client, router }] = useState(() => {
    const made = makeClient();
    return { client: made, router: makeRouter(made) };
  });
  const scheme = useTheme();
  useText();
  return (
    <MantineProvider theme={theme} forceColorScheme={scheme}>
      <QueryClientProvider client={client}>
        <RouterProvider router={router} />
        <Toasts />
      </QueryClientProvider>
    </MantineProvider>
  );
}
