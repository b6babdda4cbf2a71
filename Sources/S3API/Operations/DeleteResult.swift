import XMLText

/// What became of each key of a request that deletes many.
struct DeleteResult {
    var deleted: [String] = []
    var failed: [(key: String, failure: S3Failure)] = []

    /// As S3's `DeleteResult`; a quiet one names failures alone. `others` are answers somebody else gave.
    func write(to xml: inout XMLWriter, isQuiet: Bool, others: [XMLElement] = []) {
        xml.element("DeleteResult", namespace: XMLWriter.s3Namespace) { xml in
            for other in others { xml.write(other) }
            for key in isQuiet ? [] : deleted { xml.element("Deleted") { $0.text("Key", key) } }
            for (key, failure) in failed {
                xml.element("Error") { xml in
                    xml.text("Key", key)
                    xml.text("Code", failure.name)
                    xml.text("Message", failure.message)
                }
            }
        }
    }
}
