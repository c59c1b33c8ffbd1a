"""The JSON API of documents and their download. The editor itself lives in the page of the room."""

from django.urls import path

from editor import api

urlpatterns = [
    path("api/rooms/<int:room_id>/documents/", api.documents, name="editor_documents"),
    path("api/documents/<int:document_id>/", api.document, name="editor_document"),
    path("api/documents/<int:document_id>/restore/", api.restore, name="editor_restore"),
    path("api/documents/<int:document_id>/text/", api.text, name="editor_text"),
]
