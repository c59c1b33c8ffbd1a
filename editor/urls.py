"""The JSON API of documents and their download. The editor itself lives in the page of the room."""

from django.urls import path

from editor import api

urlpatterns = [
    path("api/rooms/<int:room_id>/documents/", api.documents, name="editor_documents"),
    path("api/documents/<int:document_id>/", api.document, name="editor_document"),
    path("api/documents/<int:document_id>/restore/", api.restore, name="editor_restore"),
    path("api/documents/<int:document_id>/text/", api.text, name="editor_text"),
    path("api/documents/<int:document_id>/updates/", api.updates, name="editor_updates"),
    path("api/documents/<int:document_id>/history/", api.history, name="editor_history"),
    path("api/documents/<int:document_id>/blame/", api.blame, name="editor_blame"),
    path("api/documents/<int:document_id>/said/", api.said, name="editor_said"),
    path("api/documents/<int:document_id>/versions/", api.versions, name="editor_versions"),
    path("api/documents/<int:document_id>/revert/", api.revert, name="editor_revert"),
    path("api/documents/<int:document_id>/discussions/", api.discussions, name="editor_discussions"),
    path("api/documents/<int:document_id>/discussions/<uuid:message_id>/", api.discussion, name="editor_discussion"),
    path("api/documents/<int:document_id>/suggestions/", api.suggestions, name="editor_suggestions"),
    path("api/documents/<int:document_id>/take-back/", api.take_back, name="editor_take_back"),
    path("api/rooms/<int:room_id>/edited/", api.edited, name="editor_edited"),
    path("documents/<int:document_id>/download/", api.download, name="editor_download"),
]
