/** A result as it comes over an event stream. */
export interface Streamed {
  readonly data?: Readonly<Record<string, unknown>> | null;
  readonly errors?: readonly {
    readonly message: string;
    readonly extensions: Readonly<Record<string, unknown>>;
  }[];
}

export interface OpenStream {
  readonly status: number;
  readonly contentType: string;
  /** Of an answer that is no stream. */
  readonly body: string;
  /** The next results, once there are so many. */
  take(count: number): Promise<readonly Streamed[]>;
  /** All that come until it ends. */
  rest(): Promise<readonly Streamed[]>;
  /** Whether its last event was `complete`. */
  isComplete(): boolean;
  close(): Promise<void>;
}

/** GraphQL over SSE, as a client that knows nothing of ours reads it. */
export async function openStream(
  url: string,
  key: string | undefined,
  query: string,
  variables: object = {},
): Promise<OpenStream> {
  const abort = new AbortController();
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    signal: abort.signal,
    headers: {
      accept: 'text/event-stream',
      'content-type': 'application/json',
      ...(key !== undefined && { authorization: `Bearer ${key}` }),
    },
    body: JSON.stringify({ query, variables }),
  });
  const contentType = response.headers.get('content-type') ?? '';
  const isStream = contentType.startsWith('text/event-stream');
  const body = isStream ? '' : await response.text();
  const reader = isStream ? response.body!.getReader() : undefined;
  const decoder = new TextDecoder();
  const results: Streamed[] = [];
  let text = '';
  let last = '';
  /** False where it has ended. */
  const more = async (): Promise<boolean> => {
    const part = await reader?.read().catch(() => undefined);
    if (!part || part.done) return false;
    text += decoder.decode(part.value, { stream: true });
    const blocks = text.split('\n\n');
    text = blocks.pop() ?? '';
    for (const block of blocks) {
      const lines = block.split('\n').filter((line) => !line.startsWith(':'));
      const event = lines.find((line) => line.startsWith('event: '))?.slice(7);
      const data = lines.flatMap((line) => (line.startsWith('data: ') ? [line.slice(6)] : []));
      if (event === 'next') results.push(JSON.parse(data.join('\n')) as Streamed);
      if (event !== undefined) last = event;
    }
    return true;
  };
  return {
    status: response.status,
    contentType,
    body,
    take: async (count) => {
      while (results.length < count && (await more()));
      return results.splice(0, count);
    },
    rest: async () => {
      while (await more());
      return results.splice(0);
    },
    isComplete: () => last === 'complete',
    close: async () => {
      abort.abort();
      await reader?.cancel().catch(() => undefined);
    },
  };
}
