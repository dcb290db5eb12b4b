import 'reflect-metadata'
import { Controller, Get, Module } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify'
import type { FastifyIOOptions } from 'fastify-io'
import { fastifyIO, FastifyIOAdapter } from 'fastify-io/nest'
import { ChatGateway, EchoGateway } from './gateways.ts'

@Controller('api')
class TimeController {
  @Get('time')
  time (): { now: number } {
    return { now: Date.now() }
  }
}

@Module({ controllers: [TimeController], providers: [EchoGateway, ChatGateway] })
class AppModule {}

/** A Nest application whose controllers and gateways share one origin policy. */
export async function createApp (options: FastifyIOOptions): Promise<NestFastifyApplication> {
  const app = await NestFactory.create<NestFastifyApplication>(AppModule, new FastifyAdapter(), { logger: ['error'] })
  await app.register(fastifyIO, options)
  app.useWebSocketAdapter(new FastifyIOAdapter(app))
  return app
}
