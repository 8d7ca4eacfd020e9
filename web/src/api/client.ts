// The one door to the server. Types are generated from the contract (`npm run gen`); here are only the
// session's token on unsafe requests, time limits, and failures in one shape.
import createClient from 'openapi-fetch';
import type { components, paths } from './schema.d.ts';

export type Schemas = components['schemas'];

/** A failed request, as the error panels show it. status 0 = no answer at all. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly where: string | undefined,
    readonly requestId: string | undefined,
    readonly retryAfterS: number | undefined,
    /** The body, for failures that carry more (412 carries the alert as it stands). */
    readonly body: unknown,
  ) {
    super(message);
    this.name = 'ApiError';
  }

  /** The right that a 403 names. */
  get right(): string | undefined {
    return this.status === 403 ? this.where : undefined;
  }
}

let csrf = '';

export function setCsrf(token: string) {
  csrf = token;
}

export const api = createClient<paths>({
  baseUrl: '/',
  credentials: 'same-origin',
  headers: { accept: 'application/json' },
});

api.use({
  onRequest({ request }) {
    if (csrf && !['GET', 'HEAD'].includes(request.method)) {
      request.headers.set('X-CSRF-Token', csrf);
    }
    return request;
  },
});

type Answer<T> = { data?: T; error?: unknown; response: Response };

function shape(body: unknown): Partial<Schemas['Error']> {
  if (body && typeof body === 'object' && 'error' in body) {
    const { error } = body as { error: unknown };
    if (error && typeof error === 'object') return error as Partial<Schemas['Error']>;
  }
  return {};
}

/** The answer's data, or an ApiError. Every query and mutation goes through here. */
export async function unwrap<T>(pending: Promise<Answer<T>>): Promise<T> {
  let answer: Answer<T>;
  try {
    answer = await pending;
  } catch (fault) {
    if (fault instanceof DOMException && fault.name === 'AbortError') throw fault;
    throw new ApiError(0, 'unreachable', '', undefined, undefined, undefined, undefined);
  }
  const { data, error, response } = answer;
  if (response.ok) return data as T;
  const said = shape(error);
  const header = Number(response.headers.get('Retry-After'));
  throw new ApiError(
    response.status,
    said.code ?? `http_${response.status}`,
    said.message ?? '',
    said.where,
    said.request_id ?? response.headers.get('X-Request-Id') ?? undefined,
    said.retry_after_s ?? (header > 0 ? header : undefined),
    error,
  );
}
