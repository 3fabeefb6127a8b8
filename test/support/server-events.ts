/** Follows a stream of server-sent events: calls back with the data of each until it ends or the signal says so. */
export async function followEvents(url: URL, onData: (data: string) => void, signal: AbortSignal): Promise<void> {
  const response = await fetch(url, { signal });
  const { body } = response;
  if (body === null || !response.ok) throw new Error(`${url.pathname} answered ${response.status}`);
  const read = async (): Promise<void> => {
    const decoder = new TextDecoder();
    let rest = "";
    for await (const chunk of body) {
      const lines = (rest + decoder.decode(chunk as Uint8Array, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) if (line.startsWith("data: ")) onData(line.slice("data: ".length));
    }
  };
  // The end, wanted or not, is seen by whoever waits for an event.
  read().catch(() => {});
}
