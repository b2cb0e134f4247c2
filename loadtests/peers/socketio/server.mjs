// A socket.io server in its best form for one message to everybody: WebSocket alone, no compression, the handshake's
// request let go (socket.io's own advice for memory). POST /publish sends its JSON body to all.
import { createServer } from "node:http";
import { Server } from "socket.io";

const http = createServer((request, response) => {
  if (request.method !== "POST" || request.url !== "/publish") {
    response.writeHead(404).end();
    return;
  }
  const parts = [];
  request.on("data", (part) => parts.push(part));
  request.on("end", () => {
    io.emit("public", JSON.parse(Buffer.concat(parts).toString()));
    response.writeHead(200, { "Content-Length": 0 }).end();
  });
});
const io = new Server(http, { transports: ["websocket"], perMessageDeflate: false, serveClient: false });
io.engine.on("connection", (socket) => {
  socket.request = null;
});
http.keepAliveTimeout = 600_000;
http.listen({ host: "127.0.0.1", port: Number(process.argv[2]), backlog: 4096 });
