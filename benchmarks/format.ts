// Numbers for people.
import type { Summary } from './stats.ts'

/** 12345.6 as 12,346; small numbers keep three digits. */
export function count (value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits })
}

/** Half the spread, as a part of the figure; nothing when there is none. */
export function spread ({ figure, min, max }: Summary): string {
  return min === max || figure === 0 ? '' : `±${((max - min) / 2 / figure * 100).toFixed(0)} %`
}

/** How many times. */
export function times (value: number | undefined): string {
  return value === undefined ? '–' : `${value.toFixed(2)}×`
}

/** 0..1. */
export function percent (value: number): string {
  return `${(value * 100).toFixed(0)} %`
}

/** ns, as ns, µs or ms, in three digits or so. */
export function nanoseconds (value: number): string {
  if (value < 1000) return `${value.toFixed(0)} ns`
  return value < 1e6 ? `${count(value / 1e3)} µs` : `${count(value / 1e6)} ms`
}

/** Bytes, as B or kB (1,000 of them). */
export function bytes (value: number | undefined): string {
  if (value === undefined) return '–'
  return Math.abs(value) < 1000 ? `${value.toFixed(0)} B` : `${(value / 1000).toFixed(1)} kB`
}
