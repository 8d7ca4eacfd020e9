// The addresses of the console. Filters are the address: every screen checks its own part of it.
import type { QueryClient } from '@tanstack/react-query';
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  type RouterHistory,
  redirect,
  retainSearchParams,
  useRouter,
} from '@tanstack/react-router';
import { sessionQuery } from '@/api/session.ts';
import { NotFound } from '@/app/NotFound.tsx';
import { Opening } from '@/app/Opening.tsx';
import { Shell } from '@/app/Shell.tsx';
import { parseQueueSearch } from '@/features/alerts/search.ts';
import { parseRulesSearch } from '@/features/rules/search.ts';
import { parseEventSearch } from '@/features/search/address.ts';
import { SignIn } from '@/features/session/SignIn.tsx';
import { t } from '@/text/index.ts';
import { parseScope } from '@/ui/scope.ts';
import { asFault, Failed } from '@/ui/states.tsx';

const root = createRootRouteWithContext<{ client: QueryClient }>()({
  component: Outlet,
  notFoundComponent: NotFound,
});

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/login',
  validateSearch: (search: Record<string, unknown>): { next?: string } =>
    typeof search.next === 'string' && /^\/(?!\/)/.test(search.next) ? { next: search.next } : {},
  component: function SignInRoute() {
    const { next } = signIn.useSearch();
    const { client } = signIn.useRouteContext();
    const router = useRouter();
    return (
      <SignIn
        onDone={(session) => {
          client.setQueryData(sessionQuery.queryKey, session);
          router.history.push(next ?? '/');
        }}
      />
    );
  },
});

const frame = createRoute({
  getParentRoute: () => root,
  id: 'frame',
  validateSearch: parseScope,
  search: { middlewares: [retainSearchParams(['range', 'unit'])] },
  beforeLoad: async ({ context, location }) => {
    try {
      await context.client.ensureQueryData(sessionQuery);
    } catch (error) {
      if (asFault(error).status !== 401) throw error;
      throw redirect({
        to: '/login',
        search: location.href === '/' ? {} : { next: location.href },
      });
    }
  },
  component: Shell,
  errorComponent: ({ error, reset }) => (
    <Failed what={t('state.cannotStart')} error={error} retry={reset} />
  ),
});

const desk = createRoute({
  getParentRoute: () => frame,
  path: '/',
  component: lazyRouteComponent(() => import('@/features/desk/DeskPage.tsx'), 'DeskPage'),
});

const queue = createRoute({
  getParentRoute: () => frame,
  path: '/alerts',
  validateSearch: parseQueueSearch,
  component: lazyRouteComponent(() => import('@/features/alerts/QueuePage.tsx'), 'QueuePage'),
});

const alert = createRoute({
  getParentRoute: () => frame,
  path: '/alerts/$id',
  component: lazyRouteComponent(() => import('@/features/alerts/AlertPage.tsx'), 'AlertPage'),
});

const events = createRoute({
  getParentRoute: () => frame,
  path: '/search',
  validateSearch: parseEventSearch,
  component: lazyRouteComponent(() => import('@/features/search/SearchPage.tsx'), 'SearchPage'),
});

const sources = createRoute({
  getParentRoute: () => frame,
  path: '/sources',
  component: lazyRouteComponent(() => import('@/features/sources/SourcesPage.tsx'), 'SourcesPage'),
});

const rules = createRoute({
  getParentRoute: () => frame,
  path: '/rules',
  validateSearch: parseRulesSearch,
  component: lazyRouteComponent(() => import('@/features/rules/RulesPage.tsx'), 'RulesPage'),
});

const tree = root.addChildren([
  signIn,
  frame.addChildren([desk, queue, alert, events, sources, rules]),
]);

/** `history` is the browser's own unless a test brings one. */
export function makeRouter(client: QueryClient, history?: RouterHistory) {
  return createRouter({
    ...(history ? { history } : {}),
    routeTree: tree,
    context: { client },
    defaultPreload: 'intent',
    defaultPendingMs: 150,
    defaultPendingComponent: Opening,
    scrollRestoration: false,
  });
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
