/** The package ships no types; `moddle.ts` says what is used of it. */
declare module 'bpmn-moddle' {
  const BpmnModdle: unknown;
  export default BpmnModdle;
}
