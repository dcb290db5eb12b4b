import 'reflect-metadata'
import { Controller, Get, Module } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify'
import { fastifyIO, FastifyIOAdapter } from 'fastify-io/nest'
import { AdminGateway, ChatGateway, EchoGateway } from './gateways.ts'

@Controller('api')
class TimeController {
  @Get('time')
  time (): { now: number } {
    return { now: Date.now() }
  }
}

@Module({ controllers: [TimeController], providers: [EchoGateway, ChatGateway, AdminGateway] })
class AppModule {}

/** A Nest application whose controllers and gateways share one origin policy; one gateway has a stricter one. */
export async function createApp (): Promise<NestFastifyApplication> {
  const app = await NestFactory.create<NestFastifyApplication>(AppModule, new FastifyAdapter(), { logger: ['error'] })
  await app.register(fastifyIO, {
    cors: { origin: ['https://app.example.com', 'https://admin.example.com'], credentials: true }
  })
  const adapter = new FastifyIOAdapter(app)
  app.useWebSocketAdapter(adapter)
  app.get(AdminGateway).origin = adapter.narrowOrigin({ origin: 'https://admin.example.com' })
  return app
}
