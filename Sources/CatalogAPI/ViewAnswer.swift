import Catalogs
import Iceberg
import JSONText
import Wire

extension LoadedView {
    /// `{"metadata-location": …, "metadata": …, "config": {}}`
    var response: Response {
        .json(["metadata-location": .string(metadataLocation), "metadata": metadata.json, "config": [:]])
    }
}
