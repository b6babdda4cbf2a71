import CArrowParquet

/// Turns the statuses of the Arrow shim into errors.
enum ArrowStatus {
    /// - Parameter doing: What failed, as the beginning of a sentence: "the Parquet footer cannot be read".
    static func check(_ status: firn_arrow_status, _ doing: String) throws(FileFormatsError) {
        if status == FIRN_ARROW_OK { return }
        // SAFETY: the message is zero-terminated and read before the thread's next call into the shim.
        let reason = unsafe String(cString: firn_arrow_last_message())
        let code: FileFormatsError.Code =
            switch status {
            case FIRN_ARROW_CORRUPT: .corruptFile
            case FIRN_ARROW_UNSUPPORTED: .unsupportedFile
            case FIRN_ARROW_NO_MEMORY: .tooLarge
            default: .internalFailure
            }
        throw FileFormatsError(code, doing, ["reason": reason])
    }
}
