import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';

/** Connections that have not said who they are: together, and from one address. */
const MAX_UNKNOWN = 100;
const MAX_OF_ADDRESS = 10;
/** What they may send before: the first message with a key. */
const MAX_BYTES = 64 * 1024;
/** Close codes of RFC 6455. */
const [TRY_AGAIN_LATER, TOO_BIG] = [1013, 1009];

/**
 * Sockets before their key is known. They are counted apart, so that whoever has no key can keep
 * nobody out who has one, and each may send little.
 */
export class UnknownSockets {
  private readonly addresses = new Map<WebSocket, string>();
  private readonly counters = new Map<WebSocket, () => void>();

  /** Where there are too many, the one goes that has been silent for longest. */
  add(socket: WebSocket, request: IncomingMessage): void {
    const address = request.socket.remoteAddress ?? '';
    const same = this.of(address);
    if (same.length >= MAX_OF_ADDRESS) this.dismiss(same[0]);
    else if (this.addresses.size >= MAX_UNKNOWN) this.dismiss(this.of(this.busiest())[0]);
    this.addresses.set(socket, address);
    this.limit(socket, request.socket);
    socket.once('close', () => this.know(socket));
  }

  /** Oldest first. */
  private of(address: string): WebSocket[] {
    return [...this.addresses].flatMap(([socket, its]) => (its === address ? [socket] : []));
  }

  private busiest(): string {
    const counts = new Map<string, number>();
    for (const address of this.addresses.values())
      counts.set(address, (counts.get(address) ?? 0) + 1);
    return [...counts].reduce((most, each) => (each[1] > most[1] ? each : most), ['', 0])[0];
  }

  private dismiss(socket: WebSocket | undefined): void {
    if (!socket) return;
    this.know(socket);
    socket.close(TRY_AGAIN_LATER, 'too many connections without a key');
  }

  /** Its key is known, or it is gone. */
  know(socket: WebSocket): void {
    this.addresses.delete(socket);
    this.counters.get(socket)?.();
    this.counters.delete(socket);
  }

  private limit(socket: WebSocket, stream: Socket): void {
    let bytes = 0;
    const count = (chunk: Buffer): void => {
      bytes += chunk.length;
      if (bytes <= MAX_BYTES) return;
      socket.close(TOO_BIG, 'send a key first');
      stream.destroy();
    };
    stream.prependListener('data', count);
    this.counters.set(socket, () => stream.off('data', count));
  }
}
