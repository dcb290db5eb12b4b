import { good, bad } from './test/cases/regexps.ts'
import { RegExpParser } from '@eslint-community/regexpp'
import { growthOf } from './lib/policy/regexp-slow.ts'
import recheck from 'recheck'
import fc from 'fast-check'
const { checkSync } = recheck as any
const grow = (re: RegExp) => { const p = new RegExpParser(); const f = p.parseFlags(re.flags); try { return growthOf(p.parsePattern(re.source,0,re.source.length,{unicode:f.unicode,unicodeSets:f.unicodeSets}), f) } catch (e) { return (e as Error).name } }
const frag = fc.constantFrom('a','b','\\.','-','[a-z]','[a-z-]','[a-z.]','.','\\w','\\d','(?:a|b)','(?:a|ab)','(?:a|a)','[^.]','aa','a?')
const quant = fc.constantFrom('','','*','+','?','{1,3}','{2}','{2,}','{1,63}')
const atom = fc.tuple(frag,quant).map(([a,b])=> (a.length>1&&!/^[[(\\\\]/.test(a)?`(?:${a})`:a)+b)
const seq = fc.array(atom,{minLength:1,maxLength:3}).map(x=>x.join(''))
const re = fc.oneof(seq, fc.tuple(seq,seq,quant,seq).map(([a,b,q,c])=>`(?:${a}|${b})${q}${c}`), fc.tuple(seq,quant,seq).map(([a,q,c])=>`(${a})${q}${c}`))
const list: RegExp[] = [...good, ...bad].map(([r]) => r)
for (const s of fc.sample(re as any, {numRuns: 1500, seed: 7}) as string[]) { try { list.push(new RegExp(`^${s}\\x24$`)) } catch {} }
let n=0, agree=0; const tally: Record<string, number> = {}
for (const r of list) {
  const mine = grow(r)
  const res = checkSync(r.source, r.flags.replace(/[gm]/g,''), { timeout: 3000, checker: 'automaton' })
  const theirs = res.status === 'safe' ? 'safe' : res.status === 'vulnerable' ? `${res.complexity.type}${res.complexity.degree ?? ''}` : res.status
  const key = `${mine} / ${theirs}`; tally[key] = (tally[key] ?? 0) + 1
  if (theirs !== 'unknown' && ((mine === undefined && theirs !== 'safe') || (mine !== undefined && theirs === 'safe'))) console.log('DIFF', String(r), mine, theirs)
}
console.log(tally)
process.exit()
