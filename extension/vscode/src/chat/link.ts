/** The server, as a chat needs it. */

export interface Link {
  /**
   * Which run of the server answers: another number after each start. Waits for one that starts.
   * Throws Trouble if there is none.
   */
  run(): Promise<number>;
  /** `fimble/chat/` and this. Rejects with the server's sentence, or if it ends meanwhile. */
  request<T>(method: string, params: object): Promise<T>;
}
