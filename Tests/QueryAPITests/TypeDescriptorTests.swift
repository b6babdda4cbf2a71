import Columnar
import JSONText
import Testing

@testable import QueryAPI

@Suite("Types of results")
struct TypeDescriptorTests {
    @Test("descriptors have the hosted service's form")
    func descriptors() {
        let type = DataType.list(
            Field("element", .structure([Field("a", .decimal(precision: 9, scale: 2), isRequired: true)])))
        #expect(
            TypeDescriptor.column(Field("c", type), name: "c").description
                == #"{"name":"c","descriptor":{"type":{"name":"list","item":{"type":{"name":"struct","fields":[{"name":"a","#
                + #""type":{"name":"decimal128","precision":9,"scale":2},"nullable":false}]},"nullable":true}},"nullable":true}}"#
        )
    }
}
