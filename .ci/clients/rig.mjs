// What both test files need: the address, clients that are closed after each test, and
// a way to wait for what is to become true.
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

const [host, port] = (process.env.ASHLAR_ADDR ?? "").split(":");
if (!port) throw new Error("ASHLAR_ADDR must name the server to test, as host:port");

export const connection = { host, port: Number(port) };

// The server may have been started a moment ago.
await until(() => new Promise((resolve) => {
  const socket = connect(connection, () => resolve(true));
  socket.on("error", () => resolve(false));
  socket.on("connect", () => socket.destroy());
}));

const opened = [];

// closing has something closed when the test has ended.
export function closing(client) {
  client.on?.("error", () => {}); // connections are killed on purpose
  opened.push(client);
  return client;
}

// closeAll closes the last first: workers before the queue that they work for.
export async function closeAll() {
  for (const client of opened.splice(0).reverse()) {
    if (client.disconnect && client.status) client.disconnect(); // ioredis
    else await client.close();
  }
}

// until waits for as long as a loaded machine may take.
export async function until(ok) {
  for (const end = Date.now() + 20_000; Date.now() < end; await sleep(5)) {
    if (await ok()) return;
  }
  throw new Error(`not within 20 seconds: ${ok}`);
}
