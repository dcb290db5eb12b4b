import { type CanActivate, type ExecutionContext, UseGuards } from '@nestjs/common'
import {
  ConnectedSocket, MessageBody, type OnGatewayConnection, type OnGatewayInit, SubscribeMessage, WebSocketGateway,
  WebSocketServer, WsException
} from '@nestjs/websockets'
import type { NestNarrowedOrigin } from 'fastify-io/nest'
import type { Namespace, Server, Socket } from 'socket.io'

/** Lets a message through when its socket has given the token in `auth`. */
export class TokenGuard implements CanActivate {
  canActivate (context: ExecutionContext): boolean {
    const socket = context.switchToWs().getClient<Socket>()
    if (socket.handshake.auth.token === 'secret') return true
    throw new WsException('no token')
  }
}

@WebSocketGateway()
export class EchoGateway implements OnGatewayConnection {
  @WebSocketServer() readonly server!: Server

  handleConnection (socket: Socket): void {
    socket.emit('welcome', socket.request.headers.origin ?? null)
  }

  @SubscribeMessage('echo')
  echo (@MessageBody() text: string): string {
    return text
  }
}

@WebSocketGateway({ namespace: 'chat' })
export class ChatGateway {
  @WebSocketServer() readonly chat!: Namespace

  @SubscribeMessage('join')
  async join (@ConnectedSocket() socket: Socket, @MessageBody() room: string): Promise<string> {
    await socket.join(room)
    return room
  }

  @UseGuards(TokenGuard)
  @SubscribeMessage('say')
  say (@MessageBody() { room, text }: { room: string, text: string }): void {
    this.chat.to(room).emit('said', text)
  }
}

/** For the pages of one origin: a stricter policy than that of the server. */
@WebSocketGateway({ namespace: 'admin' })
export class AdminGateway implements OnGatewayInit<Namespace> {
  /** Set before the application starts; without it, it does not start. */
  origin!: NestNarrowedOrigin

  afterInit (admin: Namespace): void {
    admin.use(this.origin.namespace)
  }

  @SubscribeMessage('uptime')
  uptime (): number {
    return process.uptime()
  }
}
