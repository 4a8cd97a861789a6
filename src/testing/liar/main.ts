// A provider that does whatever a test tells it to, also what no library would let a provider do.
import { createLiar } from './liar.ts';
import { serveLiar } from './serve.ts';

await serveLiar(createLiar(process.env), process.env);
