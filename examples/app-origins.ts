// The `cors` of applications that are no web sites: what their WebViews send as Origin, and nothing beside it.
import type { CorsOptions } from '../lib/index.ts'

export const capacitor: CorsOptions = {
  origin: [
    'capacitor://localhost', // iOS
    'https://localhost' // Android
  ]
}

export const olderCapacitor: CorsOptions = {
  origin: ['capacitor://localhost', 'http://localhost'] // Android with androidScheme: 'http'
}

export const ionic: CorsOptions = {
  origin: [
    'ionic://localhost', // iOS, cordova-plugin-ionic-webview
    'http://localhost', // Android
    'http://localhost:8100' // ionic serve; leave it out in production
  ]
}

export const electron: CorsOptions = {
  origin: 'app://.'
}

export const electronFromDisk: CorsOptions = {
  origin: 'file://',
  dangerously: { fileOrigin: true }
}

export const extension: CorsOptions = {
  origin: 'chrome-extension://abcdefghijklmnopabcdefghijklmnop'
}

export const behindNext: CorsOptions = {
  origin: ['https://app.example.com', 'http://localhost:3000'] // the pages that Next.js serves
}
