#!/usr/bin/env node
import { processIo } from './shared/io.ts'
import { run } from './run.ts'

// a reader that has seen enough, such as head
process.stdout.on('error', () => process.exit())
void run(process.argv.slice(2), processIo()).then((code) => { process.exitCode = code })
